// A raw connection to a Worker, of HTTP no more than its answers need: one that stays open, and may go away at any time.

import { connect } from 'node:net';

const PATIENCE_MS = 20_000;

/** One connection that stays open, one request on it at a time. */
export class Connection {
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

  /** Whether another request may be sent. */
  get isOpen() {
    return !this.#socket.destroyed;
  }

  /** Asks for a path with these headers. Answers `{ status, headers, body }`. */
  ask(path, method = 'GET', headers = {}) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw new Error(`${path}: the connection is closed`);
      this.#waiting = { resolve, reject, method, path };
      this.#write(path, method, headers);
    });
  }

  /** Sends a request that nobody waits for; resolves once the system has it. */
  send(path, method = 'GET', headers = {}) {
    return new Promise((resolve) => this.#write(path, method, headers, resolve));
  }

  /** Sends a request and goes away after so long, before the answer unless that is quicker. */
  async leave(path, { after = 0, method, headers } = {}) {
    await this.send(path, method, headers);
    await new Promise((resolve) => setTimeout(resolve, after));
    this.#socket.resetAndDestroy();
  }

  /** Reads nothing any more of what comes, as somebody with a slow line, until `resume`. */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  #write(path, method, headers, done) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: pictures.example\r\n${lines.join('')}\r\n`, done);
  }

  #read() {
    // An answer that nobody waits for.
    if (!this.#waiting) return void (this.#come = Buffer.alloc(0));
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
