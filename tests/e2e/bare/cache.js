// What the runtime asks when a Worker uses the Cache API, kept in a map. Answers expire only where EXPIRES is on, and the
// least recently used go only where there are MOST_BYTES.

import { service } from './control.js';

const kept = new Map();
let keptBytes = 0;
const STATUS = 'cf-cache-status';

export default service({
  async read(request) {
    const key = `${request.headers.get('cf-cache-namespace') ?? ''} ${request.url}`.trim();
    const kind = { GET: 'match', PUT: 'put', PURGE: 'delete' }[request.method];
    return { kind, key, bytes: kind === 'put' ? new Uint8Array(await request.arrayBuffer()) : undefined };
  },
  answer: (operation) => answers[operation.kind](operation),
  failure: () => new Response(null, { status: 500 }),
});

const answers = {
  match({ key, env }) {
    const found = kept.get(key);
    if (!found || found.until <= Date.now()) return new Response(null, { status: 504, headers: { [STATUS]: 'MISS' } });
    // Whoever was asked for is the last to go.
    if (env.MOST_BYTES && kept.delete(key)) kept.set(key, found);
    return new Response(found.body, { status: found.status, headers: { ...found.headers, [STATUS]: 'HIT' } });
  },
  put({ key, bytes, env }) {
    const found = answer(bytes);
    const seconds = env.EXPIRES ? lifetime(found.headers) : Infinity;
    // Whatever may not be kept is refused, as by the runtime at Cloudflare.
    if (!(seconds > 0)) return new Response(null, { status: 413 });
    forget(key);
    kept.set(key, { ...found, until: Date.now() + seconds * 1000 });
    keptBytes += found.body.length;
    for (const oldest of kept.keys()) {
      if (!env.MOST_BYTES || keptBytes <= env.MOST_BYTES || oldest === key) break;
      forget(oldest);
    }
    return new Response(null, { status: 204 });
  },
  delete: ({ key }) => new Response(null, { status: forget(key) ? 200 : 404 }),
};

function forget(key) {
  const found = kept.get(key);
  keptBytes -= found?.body.length ?? 0;
  kept.delete(key);
  return found && found.until > Date.now();
}

/** For so many seconds may everybody keep it; without a word about that, for none. */
function lifetime(headers) {
  const said = Object.entries(headers).find(([name]) => name.toLowerCase() === 'cache-control')?.[1] ?? '';
  if (/no-store|no-cache|private/.test(said)) return 0;
  return Number((said.match(/s-maxage=(\d+)/) ?? said.match(/max-age=(\d+)/))?.[1] ?? 0);
}

/** Takes apart an answer that was put as it stands on the wire. */
function answer(bytes) {
  const end = bytes.findIndex((_, at) => [13, 10, 13, 10].every((byte, index) => bytes[at + index] === byte));
  const [first, ...lines] = new TextDecoder().decode(bytes.subarray(0, end)).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
  const body = bytes.slice(end + 4);
  if (headers['Transfer-Encoding'] || headers['transfer-encoding']) throw new Error('a body in chunks is not understood');
  return { status: Number(first.split(' ')[1]), headers, body };
}
