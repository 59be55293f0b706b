// The built Worker while its sources have bad days: what is answered then, how soon, and how soon all is well again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startBareWorker } from './e2e/bare.mjs';
import { startFaults } from './e2e/faults.mjs';
import { pixels } from './e2e/picture.mjs';
import { sample } from './e2e/samples.mjs';
import { startSeaweed } from './e2e/seaweed.mjs';
import { encodedKey } from './e2e/sigv4.mjs';

const FRESH_SECONDS = 1;
const MISSING_SECONDS = 2;
const [FIRST_BYTE_MS, TOTAL_MS] = [500, 900];
/** Over a time-out there is the work of all the other tests. */
const MARGIN_MS = 500;
const RECOVERY_MS = 5_000;
/** What is known counts for no longer. */
const OLD_MS = FRESH_SECONDS * 1000 + 100;
const SMALL = 'width=24,format=png';
const OTHER = 'width=32,format=png';

/** What a source does instead of answering, and how faults/kinds.mjs calls it. */
const FAULTS = {
  'answers 500': ['status', { status: 500 }],
  'answers 503': ['status', { status: 503, headers: { 'Retry-After': '100' } }],
  'answers 429': ['status', { status: 429 }],
  'resets the connection': ['reset'],
  'resets it half way': ['reset-mid'],
  'ends a byte early': ['short'],
  'ends after the head': ['close-after-headers'],
  'breaks off between chunks': ['chunked-cut'],
  'speaks no HTTP': ['garbage'],
};
const nameOf = (fault) => fault.replaceAll(' ', '-');
/** Sources of pages that are good for one test each, so that none is left alone for what another did. */
const PAGES = ['missing', 'stall', 'stall-mid', 'drip', 'cut', 'unchanged', 'private', 'inside', 'astray', 'round', 'large', 'one', ...Object.keys(FAULTS).map(nameOf)];

let seaweed;
/** What stands before the store, pages, both when they go away, the Worker itself, and those where redirects lead. */
let [store, pages, away, mirror, elsewhere, cdn, outside] = [];
let worker;
let [photo, rotated] = [];
const secrets = [];

before(async () => {
  [photo, rotated, seaweed] = [await sample('photo.jpg'), await sample('rotated.jpg'), await startSeaweed()];
  const { endpoint, region, bucket, credentials } = seaweed;
  const ours = () => worker.url;
  const upstreams = [endpoint, undefined, endpoint, ours, ours, undefined, undefined];
  [store, pages, away, mirror, elsewhere, cdn, outside] = await Promise.all(upstreams.map(startFaults));
  const wrong = { ...credentials, secret_access_key: 'not-the-secret-of-anybody' };
  secrets.push(credentials.access_key_id, credentials.secret_access_key, wrong.secret_access_key, 'Bearer of-the-source');
  const times = { first_byte_ms: FIRST_BYTE_MS, total_ms: TOTAL_MS };
  const s3 = (proxy, setting) => ({ type: 's3', endpoint: proxy.url, region, bucket, credentials: setting, ...times });
  const http = (url, more) => ({ type: 'http', url, ...times, ...more });
  const sources = {
    ...Object.fromEntries(PAGES.map((name) => [name, http(`${pages.url}/${name}`)])),
    private: http(`${pages.url}/private`, { secret_headers: 'PAGE_HEADERS' }),
    inside: http(`${pages.url}/inside`, { redirects: [`${cdn.url}/pictures/`] }),
    astray: http(`${pages.url}/astray`, { redirects: [`${cdn.url}/pictures/`] }),
    large: http(`${pages.url}/large`, { total_ms: 2_500 }),
    away: http(`${away.url}/pages`),
    mirror: http(`${mirror.url}/image/${SMALL}/mirror`),
    myself: http(`${mirror.url}/myself`),
    there: http(`${elsewhere.url}/back`),
    back: http(`${mirror.url}/there`),
    open: http('http://127.0.0.1/', { by_url: true }),
    store: s3(store, 'STORE_KEY'),
    'store-wrong': s3(store, 'WRONG_KEY'),
    'store-away': s3(away, 'STORE_KEY'),
    bucket: { type: 'r2', binding: 'PICTURES' },
  };
  const names = Object.keys(sources).filter((name) => name !== 'open');
  worker = await startBareWorker({
    ACCESS: 'public',
    ORIGINALS: 'public',
    FRESH_SECONDS: `${FRESH_SECONDS}`,
    MISSING_SECONDS: `${MISSING_SECONDS}`,
    SOURCES: sources,
    ROUTES: names.map((name) => ({ path: name, sources: [name], strip: true })),
    STORE_KEY: credentials,
    WRONG_KEY: wrong,
    PAGE_HEADERS: { authorization: 'Bearer of-the-source' },
  });
  pages.serve('/one/photo.jpg', page(photo));
  pages.serve('/one/rotated.jpg', page(rotated));
});
after(() => Promise.all([worker, seaweed, store, pages, away, mirror, elsewhere, cdn, outside].map((one) => one?.close())));

const page = (body, etag = `"${body.length}"`) => ({ headers: { 'Content-Type': 'image/jpeg', ETag: etag }, body });
const urlOf = (source, recipe = SMALL) => `/image/${recipe}/${source}/a.jpg`;

/** Asks; answers what came, how it is called, and how long it took. */
async function ask(path, headers) {
  const began = performance.now();
  const answer = await worker.ask(path, 'GET', headers);
  const isProblem = answer.headers['content-type'] === 'application/problem+json';
  const kind = isProblem ? `${answer.status} ${JSON.parse(answer.body).type.split(':').at(-1)}` : `${answer.status}`;
  return { ...answer, kind, cacheStatus: answer.headers['cache-status'], ms: performance.now() - began };
}

/** The answer that is right for a picture. */
const right = async (name, recipe = SMALL) => (await ask(`/image/${recipe}/one/${name}.jpg`)).body;

async function assertWhole(answer, name, recipe = SMALL) {
  assert.equal(answer.kind, '200');
  const [seen, wanted] = [pixels(answer.body), pixels(await right(name, recipe))];
  assert.deepEqual([seen.width, seen.height], [wanted.width, wanted.height]);
  assert.ok(answer.body.equals(await right(name, recipe)), 'it is another picture');
}

/** Asks until it is well, and answers after how many milliseconds that was. */
async function recovery(path) {
  const began = performance.now();
  for (;;) {
    const { kind } = await ask(path);
    if (kind === '200') return performance.now() - began;
    assert.ok(performance.now() - began < 3 * RECOVERY_MS, `${path} is still ${kind}`);
    await wait(50);
  }
}

function assertStale(answer, kept) {
  assert.deepEqual([answer.kind, answer.body.equals(kept.body)], ['200', true]);
  assert.match(answer.cacheStatus, /^lenslet; hit; ttl=-\d+; detail=source-away(; fwd-status=\d+)?$/);
  assert.equal(answer.headers['cache-control'], 'public, max-age=10');
}

// Not all at once: time-outs pass while others compute.
describe('pages', { concurrency: 5 }, () => {
  for (const [fault, [kind, more]] of Object.entries(FAULTS)) {
    test(`a source that ${fault} is covered by what was made before, else it is 502, and nothing of it stays`, async () => {
      const name = nameOf(fault);
      const path = `/${name}/a.jpg`;
      pages.serve(path, page(photo));
      const before = await ask(urlOf(name));
      await assertWhole(before, 'photo');
      // There is a newer one, so that its bytes have to come.
      pages.serve(path, page(rotated));
      const rule = pages.set(kind, { path, ...more });
      await wait(OLD_MS);
      assertStale(await ask(urlOf(name)), before);
      assertStale(await ask(urlOf(name)), before);
      const other = await ask(urlOf(name, OTHER));
      assert.equal(other.kind, '502 store');
      assert.ok(rule.applied >= 2, `${rule.applied} were met`);
      rule.left = 0;
      const ms = await recovery(urlOf(name, OTHER));
      assert.ok(ms < RECOVERY_MS, `${ms} ms`);
      await assertWhole(await ask(urlOf(name, OTHER)), 'rotated', OTHER);
      await wait(OLD_MS);
      await assertWhole(await ask(urlOf(name)), 'rotated');
    });
  }

  test('a file whose length is said too short is no picture, and nothing of it stays', async (context) => {
    pages.serve('/cut/a.jpg', page(photo));
    const rule = pages.set('wrong-length', { path: '/cut/a.jpg', surplus: photo.length >> 1 });
    const { kind } = await ask(urlOf('cut'));
    assert.match(kind, /^(502 store|422 broken)$/);
    context.diagnostic(`it is ${kind}`);
    rule.left = 0;
    await recovery(urlOf('cut'));
    await assertWhole(await ask(urlOf('cut')), 'photo');
  });

  for (const [name, limit, says] of [['stall', FIRST_BYTE_MS, 'does not begin to answer'], ['stall-mid', TOTAL_MS, 'stops half way'], ['drip', TOTAL_MS, 'takes too long']]) {
    test(`a source that ${says} is 504 in time, and hears that nobody waits any more`, async (context) => {
      const path = `/${name}/a.jpg`;
      pages.serve(path, page(photo));
      const rule = pages.set(name, { path });
      const { kind, ms } = await ask(urlOf(name));
      assert.equal(kind, '504 store-late');
      assert.ok(ms >= limit - 20 && ms < limit + MARGIN_MS, `${ms} ms`);
      context.diagnostic(`${name}: ${ms.toFixed(0)} ms of ${limit}`);
      await wait(100);
      const [seen] = pages.requests.filter((request) => request.path === path);
      assert.ok(seen.isAborted);
      rule.left = 0;
      const before = await ask(urlOf(name));
      await assertWhole(before, 'photo');
      // Now there is something to show.
      pages.serve(path, page(rotated));
      rule.left = Infinity;
      await wait(OLD_MS);
      const stale = await ask(urlOf(name));
      assertStale(stale, before);
      assert.ok(stale.ms < limit + MARGIN_MS, `${stale.ms} ms`);
      assertStale(await ask(urlOf(name)), before);
      rule.left = 0;
      await recovery(urlOf(name, OTHER));
      await wait(OLD_MS);
      await assertWhole(await ask(urlOf(name)), 'rotated');
    });
  }

  test('what is missing is 404, asked for again after its time, and then found', async () => {
    const asked = () => pages.count('/missing/a.jpg');
    for (let turn = 0; turn < 3; turn++) assert.equal((await ask(urlOf('missing'))).kind, '404 not-found');
    assert.equal(asked(), 1);
    pages.serve('/missing/a.jpg', page(photo));
    const began = performance.now();
    await recovery(urlOf('missing'));
    const ms = performance.now() - began;
    assert.ok(ms < MISSING_SECONDS * 1000 + MARGIN_MS, `${ms} ms`);
    assert.equal(asked(), 2);
    await assertWhole(await ask(urlOf('missing')), 'photo');
  });

  test('what is known is asked for by its tag, and nothing is sent again', async () => {
    pages.serve('/unchanged/a.jpg', page(photo, '"first"'));
    const before = await ask(urlOf('unchanged'));
    await wait(OLD_MS);
    const again = await ask(urlOf('unchanged'));
    assert.equal(again.cacheStatus, 'lenslet; hit; detail=revalidated');
    assert.ok(again.body.equals(before.body));
    const seen = pages.requests.filter(({ path }) => path === '/unchanged/a.jpg');
    assert.deepEqual(seen.map(({ status }) => status), [200, 304]);
    assert.match(seen[1].headers['if-none-match'], /^"first"/);
  });

  test('nothing of what a client says of itself reaches a source', async () => {
    pages.serve('/private/a.jpg', page(photo));
    const own = { cookie: 'session=ours', authorization: 'Bearer ours', referer: 'https://page.example/', 'x-forwarded-for': '192.0.2.1', 'accept-language': 'fr', 'x-odd': 'ours', 'user-agent': 'ours' };
    assert.equal((await ask(urlOf('private'), own)).kind, '200');
    const [{ headers }] = pages.requests.filter(({ path }) => path === '/private/a.jpg');
    assert.doesNotMatch(JSON.stringify(headers), /ours|192\.0\.2\.1|page\.example|"fr"/);
    assert.equal(headers.authorization, 'Bearer of-the-source');
    assert.equal(headers.host, new URL(pages.url).host);
  });

  test('a redirect is followed within what is allowed', async () => {
    cdn.serve('/pictures/there.jpg', page(photo));
    pages.set('redirect', { path: '/inside/a.jpg', location: `${cdn.url}/pictures/there.jpg` });
    await assertWhole(await ask(urlOf('inside')), 'photo');
  });

  test('and nobody outside of it is asked', async () => {
    const before = cdn.requests.length;
    outside.serve('/secret.jpg', page(photo));
    pages.serve('/admin/a.jpg', page(photo));
    const places = {
      'b.jpg': `${outside.url}/secret.jpg`,
      'c.jpg': `${cdn.url}/private/there.jpg`,
      'd.jpg': '/admin/a.jpg',
      'e.jpg': `${cdn.url}/pictures/../private/there.jpg`,
      'f.jpg': `//${new URL(outside.url).host}/secret.jpg`,
      'g.jpg': 'file:///etc/passwd',
      'h.jpg': `${cdn.url}/pictures/%2e%2e/private/there.jpg`,
    };
    for (const [name, location] of Object.entries(places)) {
      pages.set('redirect', { path: `/astray/${name}`, location });
      assert.equal((await ask(`/image/${SMALL}/astray/${name}`)).kind, '502 store', location);
      assert.equal(pages.count(`/astray/${name}`), 1, location);
    }
    assert.deepEqual([outside.requests.length, pages.count('/admin/a.jpg')], [0, 0]);
    assert.ok(cdn.requests.slice(before).every(({ path }) => path === '/pictures/there.jpg'));
  });

  test('who is sent round in circles stops', async () => {
    pages.set('loop', { path: '/round/a.jpg' });
    assert.equal((await ask(urlOf('round'))).kind, '502 store');
    assert.ok(pages.count('/round/a.jpg') <= 4);
  });

  test('addresses are read of those who allow it and of nobody else', async () => {
    const { host } = new URL(outside.url);
    for (const url of [`http://${host}/secret.jpg`, `http://127.0.0.1.example/a.jpg`, 'https://127.0.0.1/a.jpg', 'http://169.254.169.254/latest/meta-data']) {
      assert.equal((await ask(`/image/${SMALL}/${url}`)).kind, '403 source-not-allowed', url);
    }
  });
});

const ROUND = {
  'a transform of a transform': `/image/${SMALL}/mirror/a.jpg`,
  'an original of an original': '/myself/a.jpg',
  'a transform of an original that comes from another host of ours': `/image/${SMALL}/there/a.jpg`,
};
for (const [what, path] of Object.entries(ROUND)) {
  test(`${what}, without an end, is 508 where it comes round, and that is all`, async (context) => {
    const before = [mirror, elsewhere].map(({ requests }) => requests.length);
    const began = performance.now();
    // The host that clients ask is the one that the source names.
    const { status } = await fetch(mirror.url + path);
    const ms = performance.now() - began;
    const seen = [mirror, elsewhere].flatMap(({ requests }, index) => requests.slice(before[index]));
    context.diagnostic(`${status} after ${seen.length} requests and ${ms.toFixed(0)} ms`);
    assert.equal(status, 502);
    assert.ok(ms < TOTAL_MS + MARGIN_MS, `${ms} ms`);
    assert.ok(seen.some(({ status }) => status === 508), JSON.stringify(seen.map(({ status }) => status)));
    // Each that fails is tried once more.
    assert.ok(seen.length <= 16, `${seen.length} requests`);
  });
}

test('keys of every kind come from a store', async () => {
  const keys = ['plain.jpg', 'two words.jpg', 'ä/ö 中文.jpg', '1+1=2.jpg', '100%.jpg', "it's (1).jpg", '!*;:@&$,~-_.jpg', 'a%20b.jpg', 'folder.with.dots/.hidden/[x]{y}|^`"<>.jpg', '👋.jpg', 'a#b.jpg'];
  for (const key of keys) {
    await seaweed.put(`hard/${key}`, photo);
    const answer = await ask(`/image/${SMALL}/store/hard/${encodedKey(key)}`);
    assert.equal(answer.kind, '200', `${key}: ${answer.body}`);
    await assertWhole(answer, 'photo');
  }
});

test('an object is asked for by its tag, is 404 once it is gone, and found again', async () => {
  const url = `/image/${SMALL}/store/changing.jpg`;
  const own = ({ path }) => path.endsWith('/changing.jpg');
  assert.equal((await ask(url)).kind, '404 not-found');
  assert.equal((await ask(url)).kind, '404 not-found');
  assert.equal(store.requests.filter(own).length, 1, 'nobody asks again at once');
  await seaweed.put('changing.jpg', photo);
  await recovery(url);
  await wait(OLD_MS);
  assert.equal((await ask(url)).cacheStatus, 'lenslet; hit; detail=revalidated');
  assert.equal(store.requests.findLast(own).status, 304);
  await seaweed.put('changing.jpg', rotated);
  await wait(OLD_MS);
  await assertWhole(await ask(url), 'rotated');
  await seaweed.delete('changing.jpg');
  await wait(OLD_MS);
  assert.equal((await ask(url)).kind, '404 not-found');
  assert.doesNotMatch(JSON.stringify(store.requests.map(({ headers }) => Object.keys(headers))), /cookie|x-forwarded/);
});

test('a store that refuses us is 502, and the log says by which credentials', async () => {
  await seaweed.put('there.jpg', photo);
  await assertWhole(await ask(`/image/${SMALL}/store/there.jpg`), 'photo');
  assert.equal((await ask(`/image/${SMALL}/store-wrong/there.jpg`)).kind, '502 store');
  assert.match(worker.logs().join('\n'), /the source 'store-wrong' refuses us with 403: look at the credentials in WRONG_KEY/);
  const rule = store.set('status', { status: 403, body: 'tampered' });
  assert.equal((await ask(`/image/${OTHER}/store/there.jpg`)).kind, '502 store');
  assert.match(worker.logs().join('\n'), /the source 'store' refuses us with 403: look at the credentials in STORE_KEY/);
  rule.left = 0;
  await assertWhole(await ask(`/image/${OTHER}/store/there.jpg`), 'photo', OTHER);
});

test('sources that are gone are covered, and found within seconds of their return', async (context) => {
  await seaweed.put('away/a.jpg', photo);
  away.serve('/pages/a.jpg', page(photo));
  const sources = { away: (recipe) => urlOf('away', recipe), 'store-away': (recipe) => `/image/${recipe}/store-away/away/a.jpg` };
  const kept = {};
  for (const [name, url] of Object.entries(sources)) await assertWhole((kept[name] = await ask(url(SMALL))), 'photo');
  await away.down();
  await wait(OLD_MS);
  const until = performance.now() + 3_000;
  while (performance.now() < until) {
    for (const [name, url] of Object.entries(sources)) {
      const stale = await ask(url(SMALL));
      assertStale(stale, kept[name]);
      const other = await ask(url(OTHER));
      assert.equal(other.kind, '502 store');
      assert.ok(stale.ms < 1_000 && other.ms < 1_000, `${stale.ms} and ${other.ms} ms`);
    }
    await wait(100);
  }
  await away.up();
  const back = await Promise.all(Object.values(sources).map((url) => recovery(url(OTHER))));
  context.diagnostic(`found again after ${back.map((ms) => ms.toFixed(0)).join(' and ')} ms`);
  for (const ms of back) assert.ok(ms < RECOVERY_MS, `${ms} ms`);
  for (const url of Object.values(sources)) {
    await assertWhole(await ask(url(OTHER)), 'photo', OTHER);
    assert.equal((await ask(url(SMALL))).status, 200);
  }
});

/** A JPEG file with so many bytes of comments before the picture. */
function commented(jpeg, bytes) {
  const comment = Buffer.alloc(0xffff + 2);
  comment.writeUInt32BE(0xfffeffff);
  return Buffer.concat([jpeg.subarray(0, 2), ...Array(Math.ceil(bytes / comment.length)).fill(comment), jpeg.subarray(2)]);
}

test('more than there is room for wait their turn or are 503, and all are answered', async (context) => {
  // Two files that never end take most of the room, and one whose length nobody says may need more than is left.
  pages.serve('/large/a.jpg', page(commented(photo, 30 << 20)));
  pages.serve('/large/b.jpg', page(photo));
  pages.set('stall-mid', { path: '/large/a.jpg' });
  pages.set('chunked', { path: '/large/b.jpg' });
  const holding = [10, 11].map((width) => ask(`/image/width=${width}/large/a.jpg`));
  await wait(FIRST_BYTE_MS);
  const answers = await Promise.all(Array.from({ length: 90 }, (_, index) => ask(`/image/width=${12 + index}/large/b.jpg`)));
  for (const { kind } of await Promise.all(holding)) assert.equal(kind, '504 store-late');
  const counts = Object.groupBy(answers, ({ kind }) => kind);
  const told = Object.entries(counts).map(([kind, all]) => `${all.length} are ${kind} after at most ${Math.max(...all.map(({ ms }) => ms)).toFixed(0)} ms`);
  context.diagnostic(told.join(', '));
  assert.deepEqual(Object.keys(counts).sort(), ['200', '503 busy']);
  for (const { headers, ms } of counts['503 busy']) {
    assert.equal(headers['retry-after'], '1');
    assert.ok(ms < 3_000 + 2 * MARGIN_MS, `${ms} ms`);
  }
  assert.equal((await ask('/image/width=200/large/b.jpg')).kind, '200');
});

test('no secret is in the log', () => {
  const log = worker.logs().join('\n');
  assert.ok(log.length > 1000);
  for (const secret of secrets) assert.ok(!log.includes(secret), `${secret.slice(0, 3)}…`);
  assert.doesNotMatch(log, /AWS4-HMAC|Signature=|panicked|Error: Cannot perform I\/O/);
});
