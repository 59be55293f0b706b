// The built Worker in workerd and nothing else: no wrangler in front of it, store and cache in memory. For tests that
// ask so often that whatever else stands in the way would take all the time.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { unstable_readConfig as readConfig } from 'wrangler';
import { root } from '../../scripts/lib/paths.mjs';

const workerd = createRequire(createRequire(import.meta.url).resolve('wrangler')).resolve('workerd');
const here = (name) => join(root, 'tests', 'e2e', 'bare', name);
const built = (name) => join(root, 'build', name);
const quoted = (text) => JSON.stringify(text);
const embedded = (path) => `embed ${quoted(path)}`;

const PATIENCE_MS = 20_000;

/**
 * A Worker with these settings, a bucket and a cache, which can reach this machine and no other. Answers
 * `{ url, put, connect, ask, logs, close }`. `module` is the file of another Worker than ours.
 */
export async function startBareWorker(vars, module) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-bare-'));
  const file = join(folder, 'config.capnp');
  writeFileSync(file, configuration(vars, module));
  const { default: { default: program } } = await import(workerd);
  // The third descriptor is where the runtime says which ports it got.
  const child = spawn(program, ['serve', '--import-path=/', '--control-fd=3', file], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const end = () => child.kill();
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
    const ports = await heard(child.stdio[3], closed, ['http', 'bucket'], lines);
    return {
      url: `http://127.0.0.1:${ports.http}`,
      async put(key, bytes) {
        const { status } = await fetch(`http://127.0.0.1:${ports.bucket}/${encodeURIComponent(key)}`, { method: 'PUT', body: bytes });
        if (status !== 204) throw new Error(`${key} was not put: ${status}`);
      },
      connect: () => new Connection(ports.http),
      /** One request on a connection of its own: those that are seldom used are closed by the other side. */
      async ask(path, method, headers) {
        const connection = new Connection(ports.http);
        return connection.ask(path, method, headers).finally(() => connection.close());
      },
      logs: () => [...lines],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(vars, module) {
  const { compatibility_date: date, compatibility_flags: flags, r2_buckets: buckets, vars: usual } = readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true });
  const settings = Object.entries({ ...usual, ...vars });
  const variable = ([name, value]) =>
    typeof value === 'string' ? `(name = ${quoted(name)}, text = ${quoted(value)})` : `(name = ${quoted(name)}, json = ${quoted(JSON.stringify(value))})`;
  const bindings = [...buckets.map(({ binding }) => `(name = ${quoted(binding)}, r2Bucket = "bucket")`), ...settings.map(variable)];
  const modules = [`(name = "index.js", esModule = ${embedded(module ?? built('index.js'))})`];
  if (!module) modules.push(`(name = "index_bg.wasm", wasm = ${embedded(built('index_bg.wasm'))})`);
  const service = (name) =>
    `(name = ${quoted(name)}, worker = (modules = [(name = "index.js", esModule = ${embedded(here(`${name}.js`))})], compatibilityDate = ${quoted(date)}))`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "lenslet", worker = (
      modules = [${modules.join(', ')}],
      compatibilityDate = ${quoted(date)},
      compatibilityFlags = [${flags.map(quoted).join(', ')}],
      cacheApiOutbound = "cache",
      globalOutbound = "network",
      bindings = [${bindings.join(', ')}],
    )),
    (name = "network", network = (allow = ["local"])),
    ${service('cache')},
    ${service('bucket')},
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "lenslet"),
    (name = "bucket", address = "127.0.0.1:0", http = (), service = "bucket"),
  ],
);
`;
}

/** The ports of these sockets, once all of them were named. */
async function heard(stream, closed, names, lines) {
  const ports = {};
  const all = new Promise((resolve) => {
    createInterface({ input: stream }).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event === 'listen') ports[socket] = port;
      if (names.every((name) => ports[name])) resolve(ports);
    });
  });
  const early = closed.then((code) => Promise.reject(new Error(`workerd ended with ${code}:\n${lines.join('\n')}`)));
  return Promise.race([all, early]);
}

/** One connection that stays open, one request on it at a time, and of HTTP no more than the Worker's answers need. */
class Connection {
  #socket;
  #come = Buffer.alloc(0);
  #waiting = null;

  constructor(port) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (part) => {
      this.#come = this.#come.length ? Buffer.concat([this.#come, part]) : part;
      this.#read();
    });
    const fail = (error) => this.#waiting?.reject(error ?? new Error(`${this.#waiting.path}: the connection was closed`));
    this.#socket.setTimeout(PATIENCE_MS, () => this.#socket.destroy(new Error(`${this.#waiting?.path}: no answer within ${PATIENCE_MS} ms`)));
    this.#socket.on('error', fail);
    this.#socket.on('close', () => fail());
  }

  /** Asks for a path with these headers. Answers `{ status, headers, body }`. */
  ask(path, method = 'GET', headers = {}) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw new Error(`${path}: the connection is closed`);
      this.#waiting = { resolve, reject, method, path };
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: pictures.example\r\n${lines.join('')}\r\n`);
    });
  }

  #read() {
    const end = this.#come.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [first, ...lines] = this.#come.toString('latin1', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const at = line.indexOf(':');
      headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
    }
    const status = Number(first.split(' ')[1]);
    const { resolve, reject, method } = this.#waiting;
    const hasBody = method !== 'HEAD' && ![204, 304].includes(status);
    if (hasBody && headers['content-length'] === undefined) return reject(new Error(`${status} without Content-Length`));
    const length = hasBody ? Number(headers['content-length']) : 0;
    if (this.#come.length < end + 4 + length) return;
    const body = this.#come.subarray(end + 4, end + 4 + length);
    this.#come = this.#come.subarray(end + 4 + length);
    this.#waiting = null;
    resolve({ status, headers, body });
  }

  close() {
    this.#socket.destroy();
  }
}
