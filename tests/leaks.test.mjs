// Nobody is given what is another's: many thousand requests of all kinds, each against what the rules make of it, and
// each picture against the one that a deployment without any rules makes of the same recipe.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { PNG } from 'pngjs';
import { startBareWorker } from './e2e/bare.mjs';
import { keySet, now, signToken, signUrl, tokenKey, urlKey } from './e2e/grants.mjs';
import { POLICIES, PRESETS, expect, policyOf } from './e2e/oracle.mjs';
import { header } from './e2e/picture.mjs';

const REQUESTS = 100_000;
const CONNECTIONS = 48;
const SEED = 20_261_120;
const AUDIENCE = { iss: 'https://id.example', aud: 'pictures' };

const AREAS = ['open', 'acme', 'zeta', 'shared', 'signed', 'signed/one', 'stamped', 'marked', 'elsewhere'];
const FILES = ['a.png', 'b.jpg', 'c.png'];
const OPTIONS = [
  ...['width=20', 'width=32', 'width=40,format=auto', 'width=40,format=webp', 'format=auto', 'width=45,format=auto'],
  ...['width=20,height=20,fit=cover,format=auto', 'width=33,format=json', 'width=40,format=png'],
  ...['preset=thumb', 'preset=card', 'preset=thumb,width=30', 'preset=card,format=webp'],
  ...['open', 'acme', 'zeta', 'shared'].map((area) => `width=40,format=auto,mark=${area}%2Fmark.png,mark.width=7`),
  ...['width=0', 'colour=red', 'preset=nothing'],
];
/** What clients say, and which formats that means, the best first; all are small enough for AVIF. */
const ACCEPTS = [
  [undefined, []],
  ['*/*', []],
  ['image/webp,*/*', ['webp']],
  ['image/avif,image/webp,image/apng,*/*;q=0.8', ['avif', 'webp']],
  ['image/webp;q=0', []],
  ['image/webp;q=0.5,image/jpeg', []],
  ['image/jpeg', []],
  ['image/avif', ['avif']],
];
const MIME = { avif: 'image/avif', png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp', json: 'application/json' };

const [keyA, keyB, strangeUrlKey] = ['a', 'b', 'unknown'].map(urlKey);
const tokens = tokenKey('issuer');
const began = now();

/** Tokens by name, and whether they are good. */
const TOKENS = Object.entries({
  acme: { lenslet: { tenant: 'acme' } },
  acmeSoon: { exp: began + 600, lenslet: { tenant: 'acme' } },
  acmePaths: { lenslet: { tenant: 'acme', paths: ['acme/a.png', 'acme/mark.png', 'shared/'] } },
  acmeWide: { lenslet: { tenant: 'acme', max_width: 40 } },
  acmeThumb: { lenslet: { tenant: 'acme', presets: ['thumb'] } },
  acmeCard: { lenslet: { tenant: 'acme', presets: ['card'], formats: ['auto', 'webp'] } },
  acmeWebp: { lenslet: { tenant: 'acme', formats: ['webp', 'auto'] } },
  acmeMarked: { lenslet: { tenant: 'acme', mark: 'acme' } },
  zeta: { lenslet: { tenant: 'zeta' } },
  zetaMarked: { lenslet: { tenant: 'zeta', mark: 'zeta' } },
  zetaWide: { exp: began + 900, lenslet: { tenant: 'zeta', max_width: 40 } },
  nobodys: { sub: 'somebody' },
  nobodysPaths: { lenslet: { paths: ['shared/b.jpg'] } },
}).map(([name, claims]) => good(name, claims));
const BAD_TOKENS = [
  bad('expired', tokens, { exp: began - 1 }),
  bad('early', tokens, { nbf: began + 7200 }),
  bad('for others', tokens, { aud: 'others' }),
  bad('by others', tokens, { iss: 'https://other.example' }),
  bad('revoked', tokens, { jti: 'revoked' }),
  bad('without an end', tokens, { exp: undefined }),
  bad('with a limit nobody knows', tokens, { lenslet: { tenant: 'acme', wide: 3 } }),
  bad('of an unknown key', tokenKey('unknown'), { lenslet: { tenant: 'acme' } }),
  bad('forged', tokenKey('issuer'), { lenslet: { tenant: 'acme' } }),
  { ...good('cut', { lenslet: { tenant: 'acme' } }), isGood: false },
];
BAD_TOKENS.at(-1).token = BAD_TOKENS.at(-1).token.slice(0, -2);

function good(name, claims) {
  const all = { ...AUDIENCE, exp: began + 7200, ...claims };
  return { kind: 'token', name, isGood: true, claims: all, expires: all.exp, token: signToken(tokens, all) };
}

function bad(name, key, claims) {
  return { kind: 'token', name, isGood: false, token: signToken(key, { ...AUDIENCE, exp: began + 7200, lenslet: { tenant: 'acme' }, ...claims }) };
}

/** Signatures: what each does to a path. */
const SIGNATURES = [
  { name: 'of a', kid: 'a', isGood: true, expires: began + 600, sign: (path) => signUrl(keyA, path, { expires: began + 600 }) },
  { name: 'of a, for ever', kid: 'a', isGood: true, sign: (path) => signUrl(keyA, path) },
  { name: 'of b', kid: 'b', isGood: true, expires: began + 9000, sign: (path) => signUrl(keyB, path, { expires: began + 9000 }) },
  { name: 'of a set', kid: 'a', isGood: true, sign: (path) => signUrl(keyA, path, /[/,]width=/.test(path) ? { any: 'width.0.20.30.32.33.40.45' } : {}) },
];
const BAD_SIGNATURES = [
  { name: 'expired', kid: 'a', sign: (path) => signUrl(keyA, path, { expires: began - 1 }) },
  { name: 'of another path', kid: 'a', sign: (path) => signUrl(keyA, path.replace(/\/(\w)/, '/x$1')).replace(/\/x/, '/') },
  { name: 'of a set without this', kid: 'a', sign: (path) => signUrl(keyA, path.replace(/width=\d+/, 'width=55'), { any: 'width.55' }).replace('width=55', path.match(/width=\d+/)?.[0] ?? 'width=55') },
  { name: 'of an unknown key', kid: 'unknown', sign: (path) => signUrl(strangeUrlKey, path) },
  { name: 'of a under the name of b', kid: 'b', sign: (path) => signUrl({ ...keyA, kid: 'b' }, path) },
  { name: 'with a later end', kid: 'a', sign: (path) => signUrl(keyA, path, { expires: began + 60 }).replace(`exp=${began + 60}`, `exp=${began + 99_999}`) },
].map((signature) => ({ ...signature, isGood: false }));
const asSignature = (signature) => ({ kind: 'signature', ...signature });
const NOTHING = { kind: 'none', name: 'nothing' };
const HALF = { kind: 'none', name: 'half a signature', isBroken: true, sign: (path) => `${path}?sig=abc` };
const ANY = [NOTHING, HALF, ...TOKENS, ...BAD_TOKENS, ...[...SIGNATURES, ...BAD_SIGNATURES].map(asSignature)];

/** Grants that may well be good for an area. */
function fitting(key) {
  const { access, tenant } = policyOf(key);
  const theirs = TOKENS.filter(({ claims }) => !tenant || claims.lenslet?.tenant === tenant);
  const list = [...(access.includes('token') ? theirs : []), ...(access.includes('signed') ? SIGNATURES.map(asSignature) : [])];
  return list.length ? list : [NOTHING];
}

// mulberry32
let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const one = (list) => list[Math.floor(random() * list.length)];
const chance = (share) => random() < share;

/** Soft blots of colours, others for every name, so that no two pictures become equal at any size. */
function picture(width, height, alpha) {
  const png = new PNG({ width, height });
  const waves = Array.from({ length: 9 }, () => [random() / 4, random() / 4, random() * 6]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const level = (c) => waves.slice(c * 3, c * 3 + 3).reduce((sum, [u, v, w]) => sum + Math.sin(u * x + v * y + w), 0);
      for (const c of [0, 1, 2]) png.data[at + c] = 128 + 40 * level(c);
      png.data[at + 3] = alpha ? 55 + ((x * 200) / width) : 255;
    }
  }
  return PNG.sync.write(png, { colorType: alpha ? 6 : 2 });
}

let guarded;
let plain;
const originals = new Map();

before(async () => {
  const settings = {
    ACCESS: 'signed',
    FRESH_SECONDS: '3600',
    POLICIES: POLICIES.toReversed(),
    PRESETS,
    URL_KEYS: keySet(keyA, keyB),
    ISSUERS: [{ issuer: AUDIENCE.iss, audience: AUDIENCE.aud }],
    TOKEN_KEYS: keySet(tokens.jwk),
    REVOKED_TOKENS: ['revoked'],
  };
  [guarded, plain] = await Promise.all([startBareWorker(settings), startBareWorker({ ACCESS: 'public', FRESH_SECONDS: '3600' })]);
  const put = async (key, bytes) => {
    originals.set(key, bytes);
    await Promise.all([guarded.put(key, bytes), plain.put(key, bytes)]);
  };
  for (const area of AREAS) {
    await put(`${area}/a.png`, picture(64, 48, false));
    await put(`${area}/c.png`, picture(50, 70, true));
    await put(`${area}/mark.png`, picture(16, 16, true));
    await plain.put('draft.png', picture(72, 54, false));
    await put(`${area}/b.jpg`, Buffer.from((await plain.ask(`/image/width=${70 + AREAS.indexOf(area)},format=jpeg/draft.png`)).body));
    // The next draft must not be taken for this one.
    await plain.put('draft.png', new Uint8Array());
  }
});

after(() => Promise.all([guarded?.close(), plain?.close()]));

/** Draws a request, and says what must come of it. */
function draw() {
  const area = one(AREAS);
  const isThere = !chance(0.03);
  const key = `${area}/${isThere ? one(FILES) : 'missing.png'}`;
  const original = chance(0.08);
  const grant = { ...(chance(0.6) ? one(fitting(key)) : one(ANY)), way: one(['header', 'cookie', 'query']) };
  const [accept, takes] = one(ACCEPTS);
  const options = one(OPTIONS);
  const path = original ? `/${key}` : `/image/${options}/${key}`;
  const request = { key, isThere, original, options, grant, takes };
  const expected = expect(request);
  const headers = { ...(accept && { accept }) };
  let sent = path;
  if (grant.sign) sent = grant.sign(path);
  else if (grant.kind === 'token') {
    if (grant.way === 'header') headers.authorization = `Bearer ${grant.token}`;
    else if (grant.way === 'cookie') headers.cookie = `theme=dark; lenslet=${grant.token}`;
    else sent = `${path}?token=${grant.token}`;
  }
  const method = chance(0.1) ? 'HEAD' : 'GET';
  return { ...request, expected, path: sent, method, headers };
}

/** The tag of every answer seen so far, by what it is an answer of. */
const tags = new Map();
const variants = new Map();
const drawnTags = [];

/** Now and then a condition or a range; changes what is expected. */
function refine(request) {
  const { expected, headers, method } = request;
  if (chance(0.2) && drawnTags.length) {
    const own = chance(0.5) && tags.get(expected.variant);
    const tag = own || one(drawnTags);
    headers['if-none-match'] = chance(0.3) ? `"other", W/${tag}` : tag;
    if (variants.get(tag) === expected.variant && expected.status === 200) expected.status = 304;
  } else if (chance(0.05) && method === 'GET' && expected.status === 200) {
    [headers.range, expected.range] = one([['bytes=0-9', [0, 10]], ['bytes=-7', [-7]], ['bytes=3-', [3]], ['bytes=9999999-', null]]);
    expected.status = expected.range ? 206 : 416;
  }
  return request;
}

/** Where an AVIF is still to be made, what is expected is what a client gets that takes none. */
function refit(request, { headers: said }) {
  if (!/avif-later/.test(said['cache-status'])) return request;
  const { expected, headers, takes } = request;
  const meanwhile = expect({ ...request, takes: takes.filter((format) => format !== 'avif') });
  const isNamed = headers['if-none-match']?.includes(said.etag);
  const status = [200, 304].includes(expected.status) ? (isNamed ? 304 : 200) : expected.status;
  return { ...request, expected: { ...meanwhile, status, range: expected.range } };
}

const hashed = (bytes) => createHash('sha256').update(bytes).digest('base64');
const references = new Map();

/** What must be answered: made by the deployment without rules, once. */
function referenceOf({ original, reference }) {
  if (!references.has(reference)) references.set(reference, original ? Promise.resolve(summary(originals.get(reference))) : fetched(reference));
  return references.get(reference);
}

async function fetched(path) {
  const { status, body, headers } = await plain.ask(path);
  assert.equal(status, 200, `${path}: ${body}`);
  return { ...summary(Buffer.from(body)), type: headers['content-type'] };
}

const summary = (bytes) => ({ bytes, hash: hashed(bytes), type: MIME[header(bytes)?.format] });

/** Says what is wrong with an answer, or nothing. */
function fault({ expected, method }, answer, reference, askedAt) {
  const { status, headers, body } = answer;
  if (status !== expected.status) return `${status} instead of ${expected.status}: ${body.subarray(0, 200)}`;
  if (status >= 400) return refusalFault(answer, method);
  const [, who, seconds] = headers['cache-control']?.match(/^(public|private), max-age=(\d+)$/) ?? [];
  if (who !== (expected.isForAll ? 'public' : 'private')) return `kept by ${headers['cache-control']}`;
  const left = (expected.expires ?? Infinity) - askedAt;
  if (Number(seconds) > Math.min(expected.seconds, left)) return `kept for ${seconds} seconds of ${left}`;
  if ((headers.vary ?? '') !== expected.vary.join(', ')) return `it varies by ${headers.vary}, not ${expected.vary}`;
  if (!headers.etag) return 'it has no ETag';
  if (status === 304) return body.length || headers.etag !== tags.get(expected.variant) ? 'a 304 of something else' : tagFault(expected.variant, headers.etag);
  return tagFault(expected.variant, headers.etag) ?? bodyFault(expected, method, answer, reference);
}

function refusalFault({ headers, body }, method) {
  if (headers.etag || headers['cache-status'] || headers['last-modified']) return 'a refusal that tells of a picture';
  if (headers['cache-control'] !== 'no-store') return 'a refusal that is kept';
  if (headers['content-type'] !== 'application/problem+json') return `a refusal of type ${headers['content-type']}`;
  if (method === 'HEAD') return body.length ? 'a body for HEAD' : undefined;
  return JSON.parse(body).type?.startsWith('urn:lenslet:problem:') ? undefined : 'a refusal that is no problem';
}

/** One tag for one variant, and one variant for one tag: no tenant has another's. */
function tagFault(variant, tag) {
  if (!variants.has(tag)) drawnTags.push(tag);
  if ((tags.get(variant) ?? tag) !== tag) return `${variant} has two tags`;
  if ((variants.get(tag) ?? variant) !== variant) return `${variant} has the tag of ${variants.get(tag)}`;
  tags.set(variant, tag);
  variants.set(tag, variant);
}

function bodyFault({ status, range }, method, { headers, body }, { bytes, hash, type }) {
  if (headers['content-type'] !== type) return `its type is ${headers['content-type']}, not ${type}`;
  const length = Number(headers['content-length']);
  if (method === 'HEAD') return length === bytes.length && !body.length ? undefined : 'the HEAD of something else';
  if (status === 206) return body.equals(bytes.subarray(...range)) ? undefined : 'a part of something else';
  if (hashed(body) !== hash) return 'another picture';
  const found = header(body)?.format ?? (JSON.parse(body).original && 'json');
  return MIME[found] === type ? undefined : `it is ${found}, not ${type}`;
}

test(`of ${REQUESTS} requests none gets what is another's`, async (t) => {
  const faults = [];
  const statuses = {};
  let left = REQUESTS;
  let hits = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = guarded.connect();
      while (left-- > 0) {
        const request = refine(draw());
        const { expected, path, method, headers } = request;
        // Before it is asked for: an idle connection is closed by the other side.
        if ([200, 206].includes(expected.status)) await referenceOf(expected);
        const askedAt = now();
        const answer = await connection.ask(path, method, headers);
        const fitted = refit(request, answer);
        const reference = [200, 206].includes(fitted.expected.status) ? await referenceOf(fitted.expected) : undefined;
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (/; hit$/.test(answer.headers['cache-status'])) hits += 1;
        const wrong = fault(fitted, answer, reference, askedAt);
        if (wrong && faults.push(`${method} ${path} ${JSON.stringify(headers)} (${request.grant.name}): ${wrong}`) > 20) left = 0;
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const asked = Object.values(statuses).reduce((sum, count) => sum + count);
  t.diagnostic(`${asked} requests in ${seconds.toFixed(1)} s, ${(asked / seconds).toFixed(0)} a second; ${JSON.stringify(statuses)}`);
  t.diagnostic(`${hits} from the cache; ${tags.size} variants, ${references.size} pictures to compare with; ${faults.length} mismatches`);
  assert.deepEqual(faults, []);
  assert.equal(asked, REQUESTS);
  for (const status of [200, 206, 304, 400, 401, 403, 404, 416]) assert.ok(statuses[status] > 100, `${status} was hardly tried`);
});

test('and no two of the pictures that could be mixed up are equal', async () => {
  const named = new Map();
  for (const [path, reference] of references) {
    if (/format=json/.test(path)) continue;
    // A height of 12000 bounds nothing here.
    const name = path.replace(/,?height=12000/, '');
    const { hash } = await reference;
    assert.equal(named.get(hash) ?? name, name);
    named.set(hash, name);
  }
  assert.ok(named.size > 200, `${named.size} pictures`);
});

test('and the log has no secret of any of them', () => {
  const log = guarded.logs().join('\n');
  assert.ok(log.includes('"event":"refused"'));
  assert.doesNotMatch(log, /sig=|token=/);
  for (const { name, token } of [...TOKENS, ...BAD_TOKENS]) assert.ok(!log.includes(token.split('.')[2]), name);
});
