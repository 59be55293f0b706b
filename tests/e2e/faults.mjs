// A source of pictures on its bad days: a server of HTTP/1.1 that hands requests on to another, or answers them itself, and
// fails in the way and as often as it is told. What the faults are is said in faults/kinds.mjs.

import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { ALONE, KINDS } from './faults/kinds.mjs';
import { Rules } from './rules.js';

/**
 * Starts it in front of `upstream`, a URL whose path does not matter, or of nothing: then what `serve` was told is there
 * and all else is 404. Requests go on as they came, with the Host that the client named. A function that answers the URL
 * does for an upstream that starts later.
 */
export async function startFaults(upstream) {
  const rules = new Rules();
  const served = new Map();
  let isClosing = false;
  const requests = [];
  const agent = new Agent({ keepAlive: true });
  const target = () => upstream && new URL(typeof upstream === 'function' ? upstream() : upstream);
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      // Whoever asked is gone, or the upstream is: nobody is told more than that.
      if (!request.socket.destroyed && !response.headersSent) response.writeHead(502).end(`the upstream failed: ${error.message}`);
      else request.socket.destroy();
    });
  });
  // Who stalls shall not be saved by us.
  Object.assign(server, { keepAliveTimeout: 60_000, requestTimeout: 0, headersTimeout: 0 });
  server.on('clientError', (_, socket) => socket.destroy());

  async function answer(request, response) {
    const { method, url: path, headers, socket } = request;
    const seen = { method, path, headers, isAborted: false };
    requests.push(seen);
    const rule = rules.take(seen);
    const exchange = { socket, method, path, isOver: false };
    response.on('close', () => (seen.isAborted = !response.writableFinished && !exchange.isOver && !isClosing));
    if (rule) {
      exchange.answer = ALONE.has(rule.fault) ? { status: 200, headers: [], body: Buffer.alloc(0) } : await fetched(request);
      return KINDS[rule.fault](exchange, rule);
    }
    if (served.has(pathOf(path))) {
      const found = ownAnswer(request);
      seen.status = found.status;
      return void response.writeHead(found.status, found.headers.flat()).end(method === 'HEAD' ? undefined : found.body);
    }
    if (!upstream) return void response.writeHead(404).end();
    const from = await ask(request, response);
    seen.status = from.statusCode;
    response.writeHead(from.statusCode, from.rawHeaders);
    from.on('error', () => socket.destroy());
    from.pipe(response);
  }

  /** The upstream's answer, as it comes. Where the client goes away, the upstream is not asked any longer. */
  function ask(request, response) {
    return new Promise((resolve, reject) => {
      const { hostname, port } = target();
      const asked = httpRequest({ hostname, port, agent, method: request.method, path: request.url, headers: request.rawHeaders, setHost: false }, resolve);
      asked.on('error', reject);
      response?.on('close', () => response.writableFinished || asked.destroy());
      request.pipe(asked);
    });
  }

  /** The whole answer that there would be without a fault. */
  async function fetched(request) {
    if (served.has(pathOf(request.url))) return ownAnswer(request);
    if (!upstream) return { status: 404, headers: [], body: Buffer.alloc(0) };
    const from = await ask(request);
    const parts = [];
    for await (const part of from) parts.push(part);
    const { statusCode: status, rawHeaders } = from;
    const headers = rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name, rawHeaders[at + 1]]]));
    return { status, headers, body: Buffer.concat(parts) };
  }

  function ownAnswer({ url: path, headers: asked }) {
    const { status, headers, body } = served.get(pathOf(path));
    const etag = headers.find(([name]) => name.toLowerCase() === 'etag')?.[1];
    if (etag && asked['if-none-match']?.split(', ').includes(etag)) return { status: 304, headers, body: Buffer.alloc(0) };
    return { status, headers: [...headers, ['Content-Length', `${body.length}`]], body };
  }

  const listen = async (port) => void (await once(server.listen(port, '127.0.0.1'), 'listening'));
  const down = async () => {
    if (!server.listening) return;
    isClosing = true;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    isClosing = false;
  };
  await listen(0);
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    /**
     * All that were asked, in order, those that met a fault too: `{ method, path, headers, isAborted, status }`. `isAborted`
     * is true once the client went away before its answer was over; `status` is that of answers without a fault.
     */
    requests,
    /** How many were for a path: a text as `set` takes it, or a pattern. */
    count: (path, method) => requests.filter((request) => matches(path, method)(request)).length,
    /**
     * Sets a fault of faults/kinds.mjs. `path` is a path without its query, or a pattern for all of it; `method`, `times`
     * and `percent` (with `seed`) say which requests meet it. Answers the rule, whose `applied` counts them.
     */
    set(fault, { path, method, ...more } = {}) {
      if (!KINDS[fault]) throw new Error(`There is no fault "${fault}": they are ${Object.keys(KINDS).join(', ')}.`);
      return rules.set({ fault, isMeant: matches(path, method), ...more });
    },
    clear: () => rules.clear(),
    /** Has a path answer this by itself, `If-None-Match` with 304 where it has an ETag. */
    serve(path, { status = 200, headers = {}, body = '' } = {}) {
      served.set(path, { status, headers: Object.entries(headers), body: Buffer.from(body) });
    },
    /** Nobody listens any more, and all connections are gone. */
    down,
    /** Somebody listens again, where they did. */
    up: () => (server.listening ? undefined : listen(port)),
    async close() {
      agent.destroy();
      await down();
    },
  };
}

const pathOf = (path) => path.split('?', 1)[0];

function matches(path, method) {
  const fits = (asked) => (path instanceof RegExp ? path.test(asked) : path === pathOf(asked));
  return (request) => (path === undefined || fits(request.path)) && (method === undefined || method === request.method);
}
