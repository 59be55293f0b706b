// What workerd is told to run: isolates of the Worker, and the services that stand for R2, KV and the Cache API.

import { join } from 'node:path';
import { unstable_readConfig as readConfig } from 'wrangler';
import { root } from '../../../scripts/lib/paths.mjs';

const e2e = (...names) => join(root, 'tests', 'e2e', ...names);
const built = (name) => join(root, 'build', name);
const quoted = (text) => JSON.stringify(text);
const list = (items) => `[${items.join(', ')}]`;
const embedded = (name, path) => `(name = ${quoted(name)}, esModule = embed ${quoted(path)})`;

/** Modules that a service may import. */
const SHARED = [
  embedded('control.js', e2e('bare', 'control.js')),
  embedded('rules.js', e2e('rules.js')),
  embedded('objects.js', e2e('bare', 'objects.js')),
];

/**
 * What to run, `{ services, workers }`: each with the text of its entries in a configuration and the names of its sockets. Buckets and
 * namespaces are names of bindings.
 */
export function parts({ vars, module, isolates, buckets: moreBuckets, namespaces, expires, cacheBytes }) {
  const { compatibility_date: date, compatibility_flags: flags, r2_buckets: known, vars: usual } = readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true });
  const buckets = [...known.map(({ binding }) => binding), ...moreBuckets];
  const bindings = [
    ...buckets.map((name) => `(name = ${quoted(name)}, r2Bucket = ${quoted(`r2 ${name}`)})`),
    ...namespaces.map((name) => `(name = ${quoted(name)}, kvNamespace = ${quoted(`kv ${name}`)})`),
    ...Object.entries({ ...usual, ...vars }).filter(([, value]) => value !== undefined).map(variable),
  ];
  const modules = [embedded('index.js', module ?? built('index.js'))];
  if (!module) modules.push(`(name = "index_bg.wasm", wasm = embed ${quoted(built('index_bg.wasm'))})`);
  const worker = (name) => `(name = ${quoted(name)}, worker = (
      modules = ${list(modules)},
      compatibilityDate = ${quoted(date)},
      compatibilityFlags = ${list(flags.map(quoted))},
      cacheApiOutbound = "cache",
      globalOutbound = "network",
      bindings = ${list(bindings)},
    ))`;
  // Each with a map of its own, which all isolates share.
  const service = (name, file, settings = {}) => `(name = ${quoted(name)}, worker = (
      modules = ${list([embedded('index.js', e2e('bare', file)), ...SHARED])},
      compatibilityDate = ${quoted(date)},
      bindings = ${list(Object.entries(settings).map(variable))},
    ))`;
  const workers = Array.from({ length: isolates }, (_, index) => `lenslet-${index}`);
  const services = [
    service('cache', 'cache.js', { EXPIRES: expires, MOST_BYTES: cacheBytes }),
    ...buckets.map((name) => service(`r2 ${name}`, 'bucket.js')),
    ...namespaces.map((name) => service(`kv ${name}`, 'kv.js')),
  ];
  return {
    buckets,
    services: { entries: services, sockets: ['cache', ...buckets.map((name) => `r2 ${name}`), ...namespaces.map((name) => `kv ${name}`)] },
    workers: { entries: [...workers.map(worker), '(name = "network", network = (allow = ["local"]))'], sockets: workers },
  };
}

/** What stands for a service that another process runs, at this port. */
export const elsewhere = (name, port) => `(name = ${quoted(name)}, external = (address = "127.0.0.1:${port}", http = ()))`;

/** A configuration of workerd with these entries, and a socket for each of those that have one. */
export function configuration({ entries, sockets, v8Flags }) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${list(v8Flags.map(quoted))},
  services = [
    ${entries.join(',\n    ')},
  ],
  sockets = [
    ${sockets.map((name) => `(name = ${quoted(name)}, address = "127.0.0.1:0", http = (), service = ${quoted(name)})`).join(',\n    ')},
  ],
);
`;
}

const variable = ([name, value]) =>
  typeof value === 'string' ? `(name = ${quoted(name)}, text = ${quoted(value)})` : `(name = ${quoted(name)}, json = ${quoted(JSON.stringify(value))})`;
