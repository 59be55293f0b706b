// The built Worker in workerd and nothing else: no wrangler in front of it, store and cache in memory. For tests that
// ask so often that whatever else stands in the way would take all the time, and for those that need more than one
// isolate, or services that fail.

import { configuration, elsewhere, parts } from './bare/config.mjs';
import { Connection } from './bare/connection.mjs';
import { inspect } from './bare/inspector.mjs';
import { INSPECTOR, startRuntime } from './bare/runtime.mjs';
import { bucketOf, controlOf, namespaceOf } from './bare/services.mjs';

/**
 * A Worker with these settings, which can reach this machine and no other. `module` is the file of another Worker than ours.
 *
 * `isolates` of it share everything but their memory. It has the buckets of wrangler.toml and those named in `buckets`, and
 * the KV namespaces of `namespaces`. What the cache holds expires only where `expires` is true, and goes for want of room
 * only where `cacheBytes` says how much there is. `v8Flags` are for the engine of all isolates and services, which can be looked
 * into where it is `inspected`. Where services are `apart`, they have a process of their own, and the Worker's is the Worker's alone.
 */
export async function startBareWorker(vars, module, { isolates = 1, buckets: more = [], namespaces = [], expires = false, cacheBytes = 0, v8Flags = [], inspected = false, apart = false } = {}) {
  const { buckets, services, workers } = parts({ vars, module, isolates, buckets: more, namespaces, expires, cacheBytes });
  const run = (entries, sockets, inspected) => startRuntime(configuration({ entries, sockets, v8Flags }), sockets, { inspected });
  const runtimes = [];
  const close = () => Promise.all(runtimes.map((runtime) => runtime.close()));
  try {
    if (apart) runtimes.push(await run(services.entries, services.sockets, false));
    const [beside] = runtimes;
    const reached = beside ? services.sockets.map((name) => elsewhere(name, beside.ports[name])) : services.entries;
    const own = await run([...workers.entries, ...reached], beside ? workers.sockets : [...workers.sockets, ...services.sockets], inspected);
    runtimes.push(own);
    return controls({ ports: { ...beside?.ports, ...own.ports }, own, buckets, namespaces, isolates, logs: () => runtimes.flatMap(({ lines }) => lines), close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** All that tests do with a running Worker. */
function controls({ ports, own, buckets, namespaces, isolates, logs, close }) {
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
    /** Bytes of memory that the process of the Worker has, with all services that are not apart; null where the system does not tell. */
    rss: own.rss,
    /** What one isolate of the Worker holds: bare/inspector.mjs. */
    inspect: (isolate = 0) => inspect(ports[INSPECTOR], `lenslet-${isolate}`),
    logs,
    close,
  };
  return worker;
}
