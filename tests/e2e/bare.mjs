// The built Worker in workerd and nothing else: no wrangler in front of it, store and cache in memory. For tests that
// ask so often that whatever else stands in the way would take all the time, and for those that need more than one
// isolate, or services that fail.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { configuration } from './bare/config.mjs';
import { Connection } from './bare/connection.mjs';
import { inspect } from './bare/inspector.mjs';
import { bucketOf, controlOf, namespaceOf } from './bare/services.mjs';

/** The only socket that has no name of its own. */
const INSPECTOR = 'inspector';

const workerd = createRequire(createRequire(import.meta.url).resolve('wrangler')).resolve('workerd');

/**
 * A Worker with these settings, which can reach this machine and no other. `module` is the file of another Worker than ours.
 *
 * `isolates` of it share everything but their memory. It has the buckets of wrangler.toml and those named in `buckets`, and
 * the KV namespaces of `namespaces`. What the cache holds expires only where `expires` is true, and goes for want of room
 * only where `cacheBytes` says how much there is. `v8Flags` are for the engine of all isolates and services, which can be looked
 * into where it is `inspected`.
 */
export async function startBareWorker(vars, module, { isolates = 1, buckets: more = [], namespaces = [], expires = false, cacheBytes = 0, v8Flags = [], inspected = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-bare-'));
  const file = join(folder, 'config.capnp');
  const { text, sockets, buckets } = configuration({ vars, module, isolates, buckets: more, namespaces, expires, cacheBytes, v8Flags });
  writeFileSync(file, text);
  const { default: { default: program } } = await import(workerd);
  // The third descriptor is where the runtime says which ports it got.
  const child = spawn(program, ['serve', '--import-path=/', '--control-fd=3', ...(inspected ? ['--inspector-addr=127.0.0.1:0'] : []), file], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  // Told politely to end, it would wait for those who never get an answer.
  const end = () => child.kill('SIGKILL');
  process.on('exit', end);
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const closed = new Promise((resolve) => child.on('close', resolve));
  const close = async () => {
    end();
    process.off('exit', end);
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ports = await heard(child.stdio[3], closed, [...sockets, ...(inspected ? [INSPECTOR] : [])], lines);
    const of = (names, kind, make) => Object.fromEntries(names.map((name) => [name, make(ports[`${kind} ${name}`])]));
    const worker = {
      url: `http://127.0.0.1:${ports['lenslet-0']}`,
      /** Of every isolate. */
      urls: Array.from({ length: isolates }, (_, index) => `http://127.0.0.1:${ports[`lenslet-${index}`]}`),
      /** What tests say to the services, by name of the binding: bare/services.mjs. */
      buckets: of(buckets, 'r2', bucketOf),
      namespaces: of(namespaces, 'kv', namespaceOf),
      cache: controlOf(ports.cache),
      /** Puts an object into the first bucket. */
      put: (...object) => worker.buckets[buckets[0]].put(...object),
      connect: (isolate = 0) => new Connection(ports[`lenslet-${isolate}`]),
      /** One request on a connection of its own: those that are seldom used are closed by the other side. */
      async ask(path, method, headers, isolate) {
        const connection = worker.connect(isolate);
        return connection.ask(path, method, headers).finally(() => connection.close());
      },
      /** Bytes of memory that the whole process has, services and all; null where the system does not tell. */
      rss: () => residentBytes(child.pid),
      /** What one isolate of the Worker holds: bare/inspector.mjs. */
      inspect: (isolate = 0) => inspect(ports[INSPECTOR], `lenslet-${isolate}`),
      logs: () => [...lines],
      close,
    };
    return worker;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The ports of these sockets, once all of them were named. */
async function heard(stream, closed, names, lines) {
  const ports = {};
  const all = new Promise((resolve) => {
    createInterface({ input: stream }).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event.startsWith('listen')) ports[socket ?? INSPECTOR] = port;
      if (names.every((name) => ports[name])) resolve(ports);
    });
  });
  const early = closed.then((code) => Promise.reject(new Error(`workerd ended with ${code}:\n${lines.join('\n')}`)));
  return Promise.race([all, early]);
}

/** Linux tells it in its own file system; others do not. */
function residentBytes(pid) {
  try {
    const [, kib] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m);
    return Number(kib) * 1024;
  } catch {
    return null;
  }
}
