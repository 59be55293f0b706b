// What each fault looks like on the wire. All of them are told the answer that there would have been, and write what comes
// of it on the connection, which nobody uses afterwards.

import { setTimeout as wait } from 'node:timers/promises';

/** So long after the last bytes a connection is reset: with them it might take them along. */
const SETTLE_MS = 30;

/** By name; each is given `{ socket, answer, method, path }` and what the rule says beside its name. */
export const KINDS = {
  /** Nothing comes back and the connection is reset. */
  reset: (exchange) => reset(exchange),

  /** It is reset in the middle of the body. */
  async 'reset-mid'(exchange) {
    await write(exchange, head(exchange), half(exchange));
    await wait(SETTLE_MS);
    reset(exchange);
  },

  /** It is closed as if all were well, so many bytes before the length that was promised. */
  async short(exchange, { missing = 1 }) {
    await write(exchange, head(exchange), bodyOf(exchange).subarray(0, Math.max(0, length(exchange) - missing)));
    end(exchange);
  },

  /** The length that is said leaves out the last bytes, which come all the same. */
  async 'wrong-length'(exchange, { surplus = 1 }) {
    await write(exchange, head(exchange, { length: Math.max(0, length(exchange) - surplus) }), bodyOf(exchange));
    end(exchange);
  },

  /** Nothing is ever answered. */
  stall() {},

  /** Half of the body comes, and nothing more. */
  'stall-mid': (exchange) => write(exchange, head(exchange), half(exchange)),

  /** The body comes, but a few bytes at a time. */
  async drip(exchange, { bytes = 3, ms = 100 }) {
    await write(exchange, head(exchange));
    const body = bodyOf(exchange);
    for (let at = 0; at < body.length && !exchange.socket.destroyed; at += bytes) {
      await wait(ms);
      await write(exchange, body.subarray(at, at + bytes));
    }
    end(exchange);
  },

  /** Another answer altogether. */
  async status(exchange, { status = 500, headers = {}, body = 'no' }) {
    await say(exchange, status, { 'content-type': 'text/plain', ...headers }, body);
  },

  /** It is to be found elsewhere. */
  redirect: (exchange, { location, status = 302 }) => say(exchange, status, { location }, ''),

  /** It is to be found where it was asked for. */
  loop: (exchange, { status = 302 }) => say(exchange, status, { location: exchange.path }, ''),

  /** What comes back is not HTTP. */
  async garbage(exchange) {
    await write(exchange, Buffer.from([0, 1, 2, 0xff, 0xfe]), 'SSH-2.0-OpenSSH_9.9\r\n\r\n<!doctype html>');
    end(exchange);
  },

  /** All is well, later. */
  async slow(exchange, { ms = 1000 }) {
    await wait(ms);
    await write(exchange, head(exchange), bodyOf(exchange));
    end(exchange);
  },

  /** The promise of a body is all that comes. */
  async 'close-after-headers'(exchange) {
    await write(exchange, head(exchange));
    end(exchange);
  },

  /** All is well, in chunks: nobody says how long it will be. */
  async chunked(exchange) {
    await write(exchange, head(exchange, { chunked: true }), ...chunks(exchange, bodyOf(exchange)), last(exchange));
    end(exchange);
  },

  /** In chunks, and closed before the last one. */
  async 'chunked-cut'(exchange) {
    await write(exchange, head(exchange, { chunked: true }), ...chunks(exchange, half(exchange)));
    end(exchange);
  },
};

/** Those for which what the upstream says does not matter: it is not asked. */
export const ALONE = new Set(['reset', 'stall', 'status', 'redirect', 'loop', 'garbage']);

// Whoever ends the exchange says so: otherwise it was the client who went away.
function end(exchange) {
  exchange.isOver = true;
  exchange.socket.end();
}

function reset(exchange) {
  exchange.isOver = true;
  exchange.socket.resetAndDestroy();
}

const hasNoBody = ({ method, answer }) => method === 'HEAD' || [204, 304].includes(answer.status);
const bodyOf = (exchange) => (hasNoBody(exchange) ? Buffer.alloc(0) : exchange.answer.body);
const half = (exchange) => bodyOf(exchange).subarray(0, bodyOf(exchange).length >> 1);

/** What the answer says that its body has, there or not. */
const length = ({ answer }) => Number(answer.headers.find(([name]) => isLength(name))?.[1] ?? answer.body.length);
const isLength = (name) => name.toLowerCase() === 'content-length';

/** The first lines of an answer, whose length is the right one unless told. */
function head(exchange, { chunked, length: told } = {}) {
  const { status, headers } = exchange.answer;
  const others = headers.filter(([name]) => !/^(content-length|transfer-encoding|connection|keep-alive)$/i.test(name));
  const framing = chunked && !hasNoBody(exchange) ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', told ?? length(exchange)];
  const lines = [...others, framing, ['Connection', 'close']].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'No'}\r\n${lines.join('')}\r\n`;
}

async function say(exchange, status, headers, text) {
  const answer = { status, headers: Object.entries(headers), body: Buffer.from(text) };
  const other = { ...exchange, answer };
  await write(exchange, head(other), bodyOf(other));
  end(exchange);
}

function chunks(exchange, body) {
  if (hasNoBody(exchange)) return [];
  const size = Math.max(1, Math.ceil(body.length / 3));
  const parts = Array.from({ length: Math.ceil(body.length / size) }, (_, index) => body.subarray(index * size, (index + 1) * size));
  return parts.flatMap((part) => [`${part.length.toString(16)}\r\n`, part, '\r\n']);
}

const last = (exchange) => (hasNoBody(exchange) ? '' : '0\r\n\r\n');

/** Writes these; resolves once the system has taken them, or the other side is gone. */
async function write({ socket }, ...parts) {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  if (bytes.length) await new Promise((resolve) => socket.write(bytes, resolve));
}
