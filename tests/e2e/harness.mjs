// The built Worker in workerd, with a bucket of its own in memory, asked over real HTTP.

import { Agent, request } from 'node:http';
import { root } from '../../scripts/lib/paths.mjs';
import { samples, typeOf } from './samples.mjs';

// Read by wrangler when it starts: the local Worker would ask where in the world it is and warn that it cannot.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
process.env.WRANGLER_SEND_METRICS ??= 'false';
const { createTestHarness } = await import('wrangler');

/** What the module may have at most. */
export const LARGEST_MEMORY = 96 << 20;

const MEMORY = 'lenslet-linear-memory';

/** A public Worker that reports its memory. `vars` are added to its settings; `undefined` takes one away. */
export async function startWorker(vars = {}) {
  const settings = { ACCESS: 'public', ORIGINALS: 'public', REPORT_MEMORY: 'on', ...vars };
  for (const name of Object.keys(settings)) if (settings[name] === undefined) delete settings[name];
  // `prebuiltWorkerDir` is the folder that the build wrote, so nothing is built here.
  const harness = createTestHarness({
    root,
    workers: [{ configPath: 'wrangler.toml', prebuiltWorkerDir: 'build', vars: settings }],
  });
  const { url } = await harness.listen();
  const { PICTURES } = await harness.getWorker().getEnv();
  const agent = new Agent({ keepAlive: true });
  /** Notes the memory that an answer reported; when it was asked for, the memory had `least` already. */
  const note = (bytes, least) => {
    if (!bytes) return;
    worker.memory.fell ||= bytes < least;
    worker.memory.most = Math.max(worker.memory.most, bytes);
  };
  const worker = {
    url: String(url),
    /** The largest linear memory that any answer reported, and whether it ever fell, as it only does with a new instance. */
    memory: { most: 0, fell: false },

    /**
     * One request, written to the wire as it stands: no header is added but Host, and the path is not normalised.
     * Answers `{ status, headers, body, ms }`.
     */
    ask(path, { method = 'GET', headers = {}, patience = 60_000 } = {}) {
      const { hostname, port } = url;
      const began = performance.now();
      const least = worker.memory.most;
      return new Promise((resolve, reject) => {
        const asked = request({ hostname, port, method, path: encodeSpaces(path), headers, agent }, (answer) => {
          const parts = [];
          answer.on('data', (part) => parts.push(part));
          answer.on('error', reject);
          answer.on('end', () => {
            const said = { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts), ms: performance.now() - began };
            note(Number(said.headers[MEMORY] ?? 0), least);
            resolve(said);
          });
        });
        asked.setTimeout(patience, () => asked.destroy(new Error(`${path} did not answer within ${patience} ms`)));
        asked.on('error', reject);
        asked.end();
      });
    },

    /** Puts an object into the bucket. */
    put: (key, bytes) => PICTURES.put(key, bytes, { httpMetadata: { contentType: typeOf(key) } }),

    /** The project's sample pictures, as `samples/…`. */
    async seed() {
      for (const [name, bytes] of await samples()) await worker.put(`samples/${name}`, bytes);
    },

    logs: () => harness.getLogs(),

    async close() {
      agent.destroy();
      await harness.close();
    },
  };
  return worker;
}

// Node refuses to write a raw space, as browsers do; both write it percent-encoded.
const encodeSpaces = (path) => path.replaceAll(' ', '%20');

/** Bytes as MiB with one decimal. */
export const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
