// What it costs to check a grant: the CPU time of a cached picture with a grant, less that of the same one without.
//
// The built Worker run by Node, all kinds in turn, in a process of its own (`node benches/grants.mjs <worker folder>`).

import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { R2Bucket, openWorker } from './subjects/lenslet.mjs';

const ROUNDS = 31;
const REQUESTS = 100;
const WARM_UPS = 10;
/** Long after any run of this. */
const EXPIRES = 4_102_444_800;
/** The smallest picture there is. Not a Buffer, whose slices are views of a pool that streams would take away. */
const PICTURE = Uint8Array.from(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNiAAAABgADNjd8qAAAAABJRU5ErkJggg==', 'base64'));

/** Measures each kind; answers rows of `{ kind, us, added, low, high }`, in microseconds. */
export async function measureGrants(worker) {
  const { env, kinds } = deployment();
  const { ask } = await openWorker(worker, env, memoryCache());
  for (const { kind, url, headers } of kinds) {
    const seen = await ask(new Request(url, { headers }));
    if (seen.status !== 200) throw new Error(`${kind}: ${seen.status} ${await seen.text()}`);
    await seen.arrayBuffer();
  }
  const times = Object.fromEntries(kinds.map(({ kind }) => [kind, []]));
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    for (const { kind, url, headers } of kinds) {
      const cpu = process.cpuUsage();
      for (let n = 0; n < REQUESTS; n++) await ask(new Request(url, { headers }));
      const { user, system } = process.cpuUsage(cpu);
      if (round >= 0) times[kind].push((user + system) / REQUESTS);
    }
  }
  return kinds.map(({ kind }) => {
    // Each round's own difference: what slows the machine slows both sides of it.
    const added = times[kind].map((us, round) => us - times.public[round]).sort((a, b) => a - b);
    return { kind, us: middle(times[kind]), added: middle(added), low: added[Math.floor(ROUNDS / 10)], high: added[Math.ceil(ROUNDS * 0.9) - 1] };
  });
}

/** A deployment where each kind of grant opens the same picture, and the requests that do. */
function deployment() {
  const secret = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: randomBytes(32).toString('base64url') });
  const pair = (type, options) => generateKeyPairSync(type, options);
  const [ed, es] = [pair('ed25519'), pair('ec', { namedCurve: 'P-256' })];
  const [url, hs] = [secret('url'), secret('hs')];
  const jwk = ({ publicKey }, kid) => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' });
  const mac = ({ k }, text) => createHmac('sha256', Buffer.from(k, 'base64url')).update(text).digest('base64url');
  const token = (alg, kid, signer) => {
    const claims = { iss: 'https://id.example', aud: 'pictures', exp: EXPIRES, sub: 'user-12345', lenslet: { paths: ['token/'], max_width: 2000 } };
    const message = [{ alg, typ: 'JWT', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return { authorization: `Bearer ${message}.${signer(message)}` };
  };
  const path = (area) => `/image/width=1,height=1,format=png/${area}/picture-of-something.png`;
  const query = `exp=${EXPIRES}&kid=url`;
  const sig = mac(url, `lenslet-url-1\n${path('signed')}?${query}`);
  const host = 'http://localhost';
  return {
    env: {
      PICTURES: Object.assign(new R2Bucket(...['public', 'signed', 'token'].map((area) => `${area}/picture-of-something.png`)), { bytes: PICTURE }),
      POLICIES: [{ path: 'public', access: 'public' }, { path: 'token', access: 'token' }],
      URL_KEYS: { keys: [url] },
      ISSUERS: [{ issuer: 'https://id.example', audience: 'pictures' }],
      TOKEN_KEYS: { keys: [jwk(ed, 'ed'), jwk(es, 'es'), hs] },
    },
    kinds: [
      { kind: 'public', url: host + path('public') },
      { kind: 'signed URL (HMAC-SHA256)', url: `${host}${path('signed')}?${query}&sig=${sig}` },
      { kind: 'token (HS256)', url: host + path('token'), headers: token('HS256', 'hs', (text) => mac(hs, text)) },
      { kind: 'token (EdDSA)', url: host + path('token'), headers: token('EdDSA', 'ed', (text) => sign(null, Buffer.from(text), ed.privateKey).toString('base64url')) },
      {
        kind: 'token (ES256)',
        url: host + path('token'),
        headers: token('ES256', 'es', (text) => sign('sha256', Buffer.from(text), { key: es.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')),
      },
    ],
  };
}

/** A cache in memory, which keeps everything. */
function memoryCache() {
  const kept = new Map();
  const read = async (response) => ({ headers: response.headers, bytes: await response.arrayBuffer() });
  const name = (key) => (typeof key === 'string' ? key : key.url);
  return {
    match: async (key) => {
      const found = kept.get(name(key));
      return found && new Response(found.bytes, { headers: found.headers });
    },
    put: async (key, response) => void kept.set(name(key), await read(response)),
    delete: async (key) => kept.delete(name(key)),
  };
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(await measureGrants(process.argv[2]))}\n`);
}
