// What the runtime asks when a Worker uses a KV namespace: get, put, delete and list. What is put is there for everybody at
// once, which Cloudflare does not promise.

import { service } from './control.js';

const kept = new Map();
const SHORTEST_SECONDS = 60;
const MOST_LISTED = 1000;
const EXPIRATION = 'cf-expiration';
const METADATA = 'cf-kv-metadata';

export default service({
  async read(request) {
    const { pathname, searchParams: asked } = new URL(request.url);
    const key = decodeURIComponent(pathname.slice(1));
    if (request.method === 'POST') return { kind: 'get', key, keys: await request.json() };
    if (request.method === 'GET' && !key) return { kind: 'list', key, asked };
    const bytes = request.method === 'PUT' ? await request.arrayBuffer() : undefined;
    return { kind: request.method.toLowerCase(), key, asked, bytes, metadata: request.headers.get(METADATA) };
  },
  answer: (operation) => answers[operation.kind](operation),
  failure: () => new Response('it failed', { status: 500 }),
});

const answers = {
  get({ key, keys }) {
    if (keys) return many(keys);
    const found = find(key);
    if (!found) return new Response('Not Found', { status: 404 });
    const headers = { ...(found.until && { [EXPIRATION]: `${found.until}` }), ...(found.metadata && { [METADATA]: found.metadata }) };
    return new Response(found.bytes, { headers });
  },
  put({ key, asked, bytes, metadata, isQuiet }) {
    const [ttl, at] = ['expiration_ttl', 'expiration'].map((name) => Number(asked.get(name)));
    const until = ttl ? now() + ttl : at;
    if (until && until < now() + SHORTEST_SECONDS && !isQuiet) return new Response(`it must be kept for ${SHORTEST_SECONDS} seconds`, { status: 400 });
    kept.set(key, { bytes, metadata, until });
    return new Response();
  },
  delete({ key }) {
    kept.delete(key);
    return new Response();
  },
  list({ asked }) {
    const limit = Number(asked.get('key_count_limit') ?? MOST_LISTED);
    const [prefix, cursor] = [asked.get('prefix') ?? '', asked.get('cursor')];
    const after = cursor ? decodeURIComponent(atob(cursor)) : '';
    const names = [...kept.keys()].sort().filter((name) => name.startsWith(prefix) && name > after && find(name));
    const page = names.slice(0, limit);
    const keys = page.map((name) => ({ name, expiration: find(name).until || undefined, metadata: find(name).metadata ?? undefined }));
    const more = names.length > limit ? { list_complete: false, cursor: btoa(encodeURIComponent(page.at(-1))) } : { list_complete: true };
    return Response.json({ keys, ...more, cacheStatus: null });
  },
};

function many({ keys, type, withMetadata }) {
  const value = (name) => {
    const found = find(name);
    if (!found) return null;
    const text = new TextDecoder().decode(found.bytes);
    const read = type === 'json' ? JSON.parse(text) : text;
    return withMetadata ? { value: read, metadata: found.metadata ? JSON.parse(found.metadata) : null } : read;
  };
  return Response.json(Object.fromEntries(keys.map((name) => [name, value(name)])));
}

function find(key) {
  const found = kept.get(key);
  return found && !(found.until && found.until <= now()) ? found : undefined;
}

const now = () => Math.floor(Date.now() / 1000);
