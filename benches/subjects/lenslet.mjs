// Lenslet: the built Worker as it is deployed, run by Node with stand-ins for what Cloudflare gives it.
//
// Every request renders: the cache never holds anything. What a request costs outside of the Worker (the network,
// R2, the runtime's own work) is not here.

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadEncoder } from '../encoder.mjs';
import { linearBytes } from '../memory.mjs';

const KEY = 'p';

export async function load({ width, format, quality, alone, palette, options = '', mark }, { worker, plain }) {
  if (alone) {
    const encode = await loadEncoder();
    return async (frame) => ({ bytes: encode(frame, palette ? 'png8' : format, quality), linearBytes: linearBytes() });
  }
  const bucket = new R2Bucket();
  if (mark) bucket.others.set('mark.png', readFileSync(mark));
  const more = options && !plain ? `,${options}` : '';
  let asked = 0;
  const env = { PICTURES: bucket, ACCESS: 'public', REPORT_MEMORY: 'on' };
  const { ask } = await openWorker(worker, env, EMPTY_CACHE);
  return async (bytes) => {
    // Another key each time: what was asked for last the isolate has in its memory.
    const key = `${KEY}${asked++}`;
    Object.assign(bucket, { bytes, keys: [key] });
    const url = `http://localhost/image/width=${width},format=${format},quality=${quality}${more}/${key}`;
    const response = await ask(new Request(url));
    const answer = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 200) throw new Error(`${response.status} ${new TextDecoder().decode(answer)}`);
    return { bytes: answer, linearBytes: Number(response.headers.get('lenslet-linear-memory')) || null };
  };
}

/** The Worker of a folder with this environment and cache; `ask` answers a request once the last one's work is done. */
export async function openWorker(worker, env, cache) {
  installHooks();
  globalThis.caches = { default: cache };
  // The Worker that aborts listens for errors of the whole isolate.
  globalThis.addEventListener ??= () => {};
  // What workerd calls what has since become an option.
  ReadableStreamBYOBReader.prototype.readAtLeast ??= function (min, view) {
    return this.read(view, { min });
  };
  const { default: Entrypoint } = await import(pathToFileURL(join(worker, 'index.js')));
  let afterwards = [];
  const context = { waitUntil: (promise) => afterwards.push(promise), passThroughOnException() {} };
  const ask = async (request) => {
    // The last request's work after its answer, and not this one's.
    if (afterwards.length) await Promise.all(afterwards);
    afterwards = [];
    return new Entrypoint(context, env).fetch(request);
  };
  return { ask };
}

/** Node learns to import wasm the way Workers do, as a compiled module, and what `cloudflare:` means. */
function installHooks() {
  const platform = new URL('cloudflare.mjs', import.meta.url).href;
  const compile = (url) => `
    import { readFileSync } from 'node:fs';
    export default new WebAssembly.Module(readFileSync(new URL(${JSON.stringify(url)})));`;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith('cloudflare:') ? { url: platform, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url.endsWith('.wasm') ? { format: 'module', source: compile(url), shortCircuit: true } : next(url, context),
  });
}

const EMPTY_CACHE = {
  match: async () => undefined,
  put: async (_key, response) => void (await response.arrayBuffer()),
  delete: async () => false,
};

export class R2Bucket {
  /** Others' bytes, by their keys. */
  others = new Map();

  /** Holds one object, under these keys. */
  constructor(...keys) {
    this.keys = keys;
  }

  #bytes(key) {
    return this.keys.includes(key) ? this.bytes : this.others.get(key);
  }

  /** What the Worker knows a bucket by; it calls for none. */
  createMultipartUpload() {}

  async head(key) {
    const bytes = this.#bytes(key);
    return bytes ? describe(key, bytes) : null;
  }

  async get(key) {
    const bytes = this.#bytes(key);
    if (!bytes) return null;
    const whole = new Response(new ReadableStream(source(bytes)));
    return {
      ...describe(key, bytes),
      body: whole.body,
      get bodyUsed() {
        return whole.bodyUsed;
      },
      arrayBuffer: () => whole.arrayBuffer(),
    };
  }
}

/** A stream of bytes into the reader's own buffers, as R2's are. */
function source(bytes) {
  let at = 0;
  const take = (most) => bytes.subarray(at, (at = Math.min(at + most, bytes.length)));
  return {
    type: 'bytes',
    pull(controller) {
      const asked = controller.byobRequest;
      const piece = take(asked?.view.byteLength ?? 65_536);
      if (piece.length === 0) controller.close();
      // A Buffer would give a slice of its own memory, which the stream takes away.
      if (!asked) return piece.length && controller.enqueue(new Uint8Array(piece));
      new Uint8Array(asked.view.buffer, asked.view.byteOffset).set(piece);
      asked.respond(piece.length);
    },
  };
}

const describe = (key, bytes) => ({
  key,
  version: '1',
  size: bytes.length,
  etag: '1',
  httpEtag: '"1"',
  uploaded: new Date(0),
  checksums: {},
  httpMetadata: {},
  customMetadata: {},
  storageClass: 'Standard',
  writeHttpMetadata() {},
});
