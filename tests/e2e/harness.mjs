// The built Worker in workerd, with a bucket of its own in memory, asked over real HTTP.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localToml } from '../../scripts/lib/local.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { samples, typeOf } from './samples.mjs';

// Read by wrangler when it starts: the local Worker would ask where in the world it is and warn that it cannot.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
process.env.WRANGLER_SEND_METRICS ??= 'false';
const { createTestHarness } = await import('wrangler');

/** What the module may have at most. */
export const LARGEST_MEMORY = 96 << 20;

const MEMORY = 'lenslet-linear-memory';

/**
 * A public Worker that reports its memory. `vars` are added to its settings; `undefined` takes one away. `toml` is added to
 * the settings of `wrangler.toml`, for bindings that it has not; with `s3`, credentials, its bucket is served as S3, too. Where
 * it does not start, the error has its log.
 */
export async function startWorker(vars = {}, { toml, s3 } = {}) {
  const settings = { ACCESS: 'public', ORIGINALS: 'public', REPORT_MEMORY: 'on', ...vars };
  for (const name of Object.keys(settings)) if (settings[name] === undefined) delete settings[name];
  // `prebuiltWorkerDir` is the folder that the build wrote, so nothing is built here.
  const harness = createTestHarness({
    root,
    workers: [{ configPath: toml || s3 ? withMore(toml, s3) : 'wrangler.toml', prebuiltWorkerDir: 'build', vars: settings }],
  });
  const { url } = await harness.listen().catch(async (error) => {
    const said = harness.getLogs().map(({ message }) => message);
    await harness.close();
    throw new Error([error.message, ...said].join('\n'), { cause: error });
  });
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

    /** What the Worker itself is given. */
    bindings: () => harness.getWorker().getEnv(),

    logs: () => harness.getLogs(),

    async close() {
      agent.destroy();
      await harness.close();
    },
  };
  return worker;
}

/** A file with the settings of `wrangler.toml` and these. */
function withMore(toml = '', s3 = undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-settings-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'wrangler.toml');
  const written = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const usual = s3 ? localToml(written, s3) : written;
  writeFileSync(file, `${usual.replace(/^(main|directory) = "(.*)"$/gm, (_, name, path) => `${name} = ${JSON.stringify(join(root, path))}`)}\n${toml}`);
  return file;
}

// Node refuses to write a raw space, as browsers do; both write it percent-encoded.
const encodeSpaces = (path) => path.replaceAll(' ', '%20');

/** Bytes as MiB with one decimal. */
export const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
