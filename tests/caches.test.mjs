// What the built Worker keeps, and for how long: one reading for many, knowledge that ages, purges, and the bucket of variants.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { PNG } from 'pngjs';
import { startBareWorker } from './e2e/bare.mjs';
import { now, signUrl, urlKey } from './e2e/grants.mjs';
import { pixels, plainPng } from './e2e/picture.mjs';

const admin = urlKey('admin');
const SETTINGS = { ACCESS: 'public', ADMIN_KEYS: admin };
const RECIPE = 'width=16,format=png';
const SIZE = 64;

/** One colour, by which answers tell of which source they were made. */
function shade(grey) {
  const picture = new PNG({ width: SIZE, height: SIZE });
  for (let at = 0; at < picture.data.length; at++) picture.data[at] = at % 4 === 3 ? 255 : grey;
  return PNG.sync.write(picture, { colorType: 2 });
}
const shadeOf = ({ status, body }) => (status === 200 ? pixels(body).at(0, 0)[0] : `${status}`);

/** Those that a test started for itself. */
const workers = [];
async function start(vars, options) {
  const worker = await startBareWorker({ ...SETTINGS, ...vars }, undefined, { isolates: 2, expires: true, ...options });
  workers.push(worker);
  return { ...worker, bucket: worker.buckets.PICTURES, reads: async () => (await worker.buckets.PICTURES.counts()).operations.get ?? 0 };
}
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.close())));

const statusOf = ({ headers }) => headers['cache-status'];
const urlOf = (key, recipe = RECIPE) => `/image/${recipe}/${key}`;

let first;
before(async () => {
  first = await start({ FRESH_SECONDS: '86400' });
  workers.length = 0;
});
after(() => first?.close());

/** Asks for the same so many times at once, half of it of each of these isolates. */
const together = (worker, path, count, isolates) => Promise.all(Array.from({ length: count }, (_, index) => worker.ask(path, 'GET', {}, isolates[index % isolates.length])));

test('200 who want the same at once cause one reading, and all get it', async (context) => {
  await first.put('crowd.png', plainPng(SIZE, SIZE));
  await first.bucket.set('slow', { ms: 300, key: 'crowd.png' });
  const before = await first.reads();
  const answers = await together(first, urlOf('crowd.png'), 200, [0]);
  await first.bucket.clear();
  const reads = (await first.reads()) - before;
  context.diagnostic(`${reads} reading`);
  assert.equal(reads, 1);
  const statuses = Object.groupBy(answers, statusOf);
  const told = Object.fromEntries(Object.entries(statuses).map(([status, all]) => [status, all.length]));
  assert.deepEqual(told, { 'lenslet; fwd=uri-miss; stored': 1, 'lenslet; fwd=uri-miss; stored; collapsed': 199 });
  for (const { status, body, headers } of answers) assert.deepEqual([status, body.equals(answers[0].body), headers.etag], [200, true, answers[0].headers.etag]);
});

test('of two isolates each reads once at most', async (context) => {
  await first.put('crowds.png', plainPng(SIZE, SIZE));
  await first.bucket.set('slow', { ms: 300, key: 'crowds.png' });
  const before = await first.reads();
  const answers = await together(first, urlOf('crowds.png'), 200, [0, 1]);
  await first.bucket.clear();
  const reads = (await first.reads()) - before;
  context.diagnostic(`${reads} readings`);
  assert.ok(reads >= 1 && reads <= 2, `${reads} readings`);
  assert.ok(answers.every(({ status }) => status === 200));
});

test('a crowd that wants what fails hears so, all of it, and of few readings', async () => {
  await first.bucket.set('slow', { ms: 200, key: 'nothing.png' });
  const before = await first.reads();
  const answers = await together(first, urlOf('nothing.png'), 100, [0]);
  await first.bucket.clear();
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [404]);
  assert.equal((await first.reads()) - before, 1);
});

test('whoever leads and goes away leaves nobody behind', async (context) => {
  const DELAY_MS = 600;
  await first.put('left.png', shade(70));
  await first.bucket.set('slow', { ms: DELAY_MS, key: 'left.png' });
  const before = await first.reads();
  const leader = first.connect().leave(urlOf('left.png'), { after: DELAY_MS / 2 });
  await wait(DELAY_MS / 4);
  const began = performance.now();
  const followers = await together(first, urlOf('left.png'), 50, [0]);
  const ms = performance.now() - began;
  await leader;
  await first.bucket.clear();
  const reads = (await first.reads()) - before;
  context.diagnostic(`${ms.toFixed(0)} ms of ${DELAY_MS}, ${reads} reading`);
  assert.deepEqual([...new Set(followers.map(shadeOf))], [70]);
  assert.ok(ms < DELAY_MS + 300, `${ms} ms`);
  assert.equal(reads, 1);
  assert.ok(followers.every((answer) => statusOf(answer).endsWith('; collapsed')));
});

test('and whoever follows and goes away takes nobody along', async () => {
  await first.put('followed.png', shade(80));
  await first.bucket.set('slow', { ms: 400, key: 'followed.png' });
  const leader = first.ask(urlOf('followed.png'));
  await wait(100);
  const leavers = Array.from({ length: 20 }, (_, index) => first.connect().leave(urlOf('followed.png'), { after: 10 * index }));
  const stayers = await together(first, urlOf('followed.png'), 20, [0]);
  await Promise.all(leavers);
  assert.deepEqual([...new Set([await leader, ...stayers].map(shadeOf))], [80]);
  await first.bucket.clear();
  assert.equal(shadeOf(await first.ask(urlOf('followed.png', 'width=8,format=png'))), 80, 'the isolate is as well as it was');
});

test('whoever leads without an end is waited for no longer than its source', async (context) => {
  const worker = await start({ SOURCES: { pictures: { type: 'r2', binding: 'PICTURES', first_byte_ms: 700, total_ms: 700 } } });
  await worker.put('never.png', shade(90));
  await worker.bucket.set('stall', { key: 'never.png', times: 1 });
  const leader = worker.connect().leave(urlOf('never.png'), { after: 200 });
  await wait(100);
  const began = performance.now();
  const followers = await together(worker, urlOf('never.png'), 20, [0]);
  const ms = performance.now() - began;
  await leader;
  context.diagnostic(`${ms.toFixed(0)} ms`);
  assert.deepEqual([...new Set(followers.map(({ status }) => status))], [504]);
  assert.ok(ms < 1_200, `${ms} ms`);
  assert.equal(shadeOf(await worker.ask(urlOf('never.png'))), 90);
});

/** Asks isolates for these paths again and again until told; calls `seen` with each answer and when it was sent and had. */
function crowd(worker, paths, seen) {
  let isOver = false;
  const one = async (isolate, path) => {
    const connection = worker.connect(isolate);
    let count = 0;
    for (; !isOver; count++) {
      const sent = performance.now();
      const answer = await connection.ask(path);
      seen({ answer, sent, had: performance.now(), isolate, path });
    }
    connection.close();
    return count;
  };
  const all = Promise.all(worker.urls.flatMap((_, isolate) => paths.map((path) => one(isolate, path))));
  return async () => {
    isOver = true;
    return (await all).reduce((sum, count) => sum + count, 0);
  };
}

const FRESH_SECONDS = 2;

test('a replaced picture shows within its time, and a deleted one is gone', async (context) => {
  const worker = await start({ FRESH_SECONDS: `${FRESH_SECONDS}`, MISSING_SECONDS: '1' });
  const url = urlOf('replaced.png');
  await worker.put('replaced.png', shade(10));
  for (const isolate of [0, 1]) assert.equal(shadeOf(await worker.ask(url, 'GET', {}, isolate)), 10);
  const last = {};
  const stop = crowd(worker, [url], ({ answer, sent }) => (last[shadeOf(answer)] = sent));
  await wait(1_500);
  await worker.put('replaced.png', shade(200));
  const replaced = performance.now();
  await wait(FRESH_SECONDS * 1000 + 1_500);
  await worker.bucket.delete('replaced.png');
  const deleted = performance.now();
  await wait(FRESH_SECONDS * 1000 + 1_500);
  const asked = await stop();
  const [after, gone] = [last[10] - replaced, last[200] - deleted];
  context.diagnostic(`of ${asked} the last old one was asked for ${after.toFixed(0)} ms after it was replaced, ${gone.toFixed(0)} ms after it was deleted`);
  assert.deepEqual(Object.keys(last).sort(), ['10', '200', '404']);
  // Two clocks are looked at.
  assert.ok(after < FRESH_SECONDS * 1000 + 50 && gone < FRESH_SECONDS * 1000 + 50, `${after} and ${gone} ms`);
  assert.ok(asked > 500, `${asked} requests`);
});

test('knowledge is renewed while nobody waits for it', async (context) => {
  const worker = await start({ FRESH_SECONDS: `${FRESH_SECONDS}` });
  const url = urlOf('hot.png');
  await worker.put('hot.png', shade(10));
  for (const isolate of [0, 1]) await worker.ask(url, 'GET', {}, isolate);
  await worker.bucket.set('slow', { ms: 700 });
  let slowest = 0;
  const statuses = new Set();
  const stop = crowd(worker, [url], ({ answer, sent, had }) => {
    slowest = Math.max(slowest, had - sent);
    statuses.add(`${answer.status} ${statusOf(answer)}`);
  });
  await wait(3 * FRESH_SECONDS * 1000);
  const asked = await stop();
  const { head, get } = (await worker.bucket.counts()).operations;
  context.diagnostic(`${asked} hits, the slowest after ${slowest.toFixed(0)} ms; the bucket was asked ${head} times`);
  assert.deepEqual([...statuses], ['200 lenslet; hit']);
  assert.ok(slowest < 500, `${slowest} ms`);
  assert.ok(head >= 2 && head <= 14, `${head} times`);
  assert.equal(get, 1);
});

test('whoever likes gets old pictures at once and new ones soon, and is told', async () => {
  const worker = await start({ FRESH_SECONDS: '1', STALE_WHILE_REVALIDATE_SECONDS: '60' });
  const url = urlOf('old.png');
  await worker.put('old.png', shade(10));
  await worker.ask(url);
  await worker.put('old.png', shade(200));
  await wait(1_100);
  await worker.bucket.set('slow', { ms: 400 });
  const began = performance.now();
  const old = await worker.ask(url);
  assert.ok(performance.now() - began < 300);
  assert.match(statusOf(old), /^lenslet; hit; ttl=-\d+; detail=revalidating$/);
  assert.deepEqual([shadeOf(old), old.headers['cache-control']], [10, 'public, max-age=10']);
  await wait(1_000);
  assert.equal(shadeOf(await worker.ask(url)), 200);
});

const purge = (worker, query, isolate = 0) => worker.ask(signUrl(admin, `/__lenslet/purge?${query}`, { expires: now() + 300 }), 'POST', {}, isolate);

const PURGED = {
  STORE: { VARIANT_STORE: { binding: 'VARIANTS' } },
  KEY: 'shop/sale/a.png',
  POLICIES: [{ path: 'shop', access: 'public', tags: ['sale'], tenant: 'acme' }],
};
const WAYS = ['source=shop/sale/a.png', 'prefix=shop', 'tag=sale', 'tenant=acme', 'everything=true'];

for (const [name, more] of [['and with a bucket of variants', PURGED.STORE], ['and without one', {}]]) {
  test(`after a purge is answered nothing old is, by any isolate, in whichever words, ${name}`, async (context) => {
    const worker = await start({ FRESH_SECONDS: '86400', POLICIES: PURGED.POLICIES, ...more }, { buckets: ['VARIANTS'] });
    const paths = [urlOf(PURGED.KEY), urlOf(PURGED.KEY, 'width=8,format=png')];
    let [grey, purged, asked, old] = [10, Infinity, 0, 0];
    const lastOld = [];
    await worker.put(PURGED.KEY, shade(grey));
    for (const isolate of [0, 1]) for (const path of paths) assert.equal(shadeOf(await worker.ask(path, 'GET', {}, isolate)), grey);
    let since = 0;
    const stop = crowd(worker, paths, ({ answer, sent }) => {
      const shade = shadeOf(answer);
      if (shade !== grey && sent > since) lastOld.push(sent - since);
      if (sent > purged) [asked, old] = [asked + 1, old + Number(shade !== grey)];
    });
    for (const [index, way] of WAYS.entries()) {
      purged = Infinity;
      [grey, since] = [grey + 40, performance.now()];
      await worker.put(PURGED.KEY, shade(grey));
      const answer = await purge(worker, way, index % 2);
      assert.equal(answer.status, 200, `${answer.body}`);
      assert.equal(JSON.parse(answer.body).reach, more.VARIANT_STORE ? 'everywhere' : 'data-centre');
      purged = performance.now();
      await wait(700);
      assert.equal(old, 0, `${old} of ${asked} after ${way}`);
    }
    await stop();
    context.diagnostic(`${asked} requests after purges, ${old} old answers; the last old one was asked for ${Math.max(...lastOld).toFixed(0)} ms after its purge`);
    assert.ok(asked > 1_000, `${asked} requests`);
  });
}

test('what one data centre made another finds in the bucket, and makes nothing', async () => {
  const settings = { FRESH_SECONDS: '86400', ...PURGED.STORE };
  const [here, there] = [await start(settings, { buckets: ['VARIANTS'], isolates: 1 }), await start(settings, { buckets: ['VARIANTS'], isolates: 1 })];
  const [VARIANTS, OTHERS] = [here, there].map(({ buckets }) => buckets.VARIANTS);
  // The picture has the same tag there, and nothing in it but the tag: who would make a variant of it would fail.
  await here.put('a.png', shade(10));
  const made = await here.ask(urlOf('a.png'));
  assert.equal(statusOf(made), 'lenslet; fwd=uri-miss; stored');
  await until(async () => (await VARIANTS.keys()).length === 1);
  const [key] = await VARIANTS.keys('variants/');
  const { facts, bytes } = await VARIANTS.get(key);
  assert.deepEqual([facts.httpFields.contentType, bytes.equals(made.body)], ['image/png', true]);
  const about = Object.fromEntries(facts.customFields.map(({ k, v }) => [k, v]));
  assert.deepEqual([about.recipe, about.sources.split('@')[0]], [RECIPE, 'pictures:a.png']);
  await there.put('a.png', shade(10));
  // Nobody can have made these bytes there.
  await OTHERS.put(key, shade(222), { httpFields: facts.httpFields });
  const found = await there.ask(urlOf('a.png'));
  assert.equal(statusOf(found), 'lenslet; fwd=uri-miss; stored, lenslet-variants; hit');
  assert.equal(shadeOf(found), 222);
  assert.equal(found.headers.etag, made.headers.etag);
  assert.equal((await OTHERS.counts()).operations.put, undefined);
  const again = await there.ask(urlOf('a.png'));
  assert.deepEqual([statusOf(again), shadeOf(again)], ['lenslet; hit', 222]);
  assert.equal((await there.ask(urlOf('a.png'), 'HEAD')).status, 200);
});

test('two who make the same write it once, and both are well', async () => {
  const worker = await start({ FRESH_SECONDS: '86400', ...PURGED.STORE }, { buckets: ['VARIANTS'] });
  await worker.put('twice.png', shade(10));
  await worker.bucket.set('slow', { ms: 300 });
  const answers = await together(worker, urlOf('twice.png'), 2, [0, 1]);
  assert.deepEqual(answers.map(shadeOf), [10, 10]);
  assert.equal(await worker.reads(), 2);
  const { VARIANTS } = worker.buckets;
  // The second one may find what the first has written a moment before.
  await until(async () => (await VARIANTS.counts()).operations.put >= 1);
  await wait(300);
  assert.equal((await VARIANTS.keys('variants/')).length, 1);
  assert.doesNotMatch(worker.logs().join('\n'), /did not take/);
});

test('a bucket of variants that fails or hangs stops nothing', async () => {
  const worker = await start({ FRESH_SECONDS: '86400', ...PURGED.STORE }, { buckets: ['VARIANTS'], isolates: 1 });
  const { VARIANTS } = worker.buckets;
  await worker.put('a.png', shade(10));
  await VARIANTS.set('fail', {});
  assert.equal(shadeOf(await worker.ask(urlOf('a.png'))), 10);
  assert.match(worker.logs().join('\n'), /the bucket of the variants/);
  await VARIANTS.clear();
  await VARIANTS.set('stall', {});
  const began = performance.now();
  const answer = await Promise.race([worker.ask(urlOf('a.png', 'width=8,format=png')), wait(8_000, { status: 'nothing' })]);
  assert.equal(answer.status, 200);
  assert.ok(performance.now() - began < 8_000);
});

/** Waits until it is so. */
async function until(holds, patience = 3_000) {
  const began = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - began < patience, `${holds}`);
    await wait(20);
  }
}
