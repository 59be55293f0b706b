// The services that stand for R2, KV and the Cache API under the bare Worker say what Miniflare's say, also from a process
// of their own, and fail as told.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from '../scripts/lib/paths.mjs';
import { startBareWorker } from './e2e/bare.mjs';
import { plainPng } from './e2e/picture.mjs';

const scenario = join(root, 'tests', 'e2e', 'bare', 'scenario.js');
const all = { isolates: 2, buckets: ['ARCHIVE'], namespaces: ['NAMES'], expires: true };
const PATH = '/image/width=8,format=png/a.png';

let ours;
let apart;
let theirs;
before(async () => {
  theirs = await startMiniflare();
  ours = await startBareWorker({}, scenario, all);
  apart = await startBareWorker({}, scenario, { ...all, apart: true });
});
after(async () => {
  await apart?.close();
  await ours?.close();
  await theirs?.close();
});

/** The same Worker as wrangler runs it locally, which is with Miniflare. */
async function startMiniflare() {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
  process.env.WRANGLER_SEND_METRICS ??= 'false';
  const { createTestHarness } = await import('wrangler');
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-scenario-'));
  const bucket = (name) => `[[r2_buckets]]\nbinding = "${name}"\nbucket_name = "${name.toLowerCase()}"\n`;
  const settings = `name = "scenario"\nmain = ${JSON.stringify(scenario)}\ncompatibility_date = "2026-11-01"\n`;
  writeFileSync(join(folder, 'wrangler.toml'), `${settings}${bucket('PICTURES')}${bucket('ARCHIVE')}[[kv_namespaces]]\nbinding = "NAMES"\nid = "names"\n`);
  const harness = createTestHarness({ root: folder, workers: [{ configPath: 'wrangler.toml' }] });
  const { url } = await harness.listen();
  const close = async () => {
    await harness.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ask: (path) => fetch(new URL(path, url)), close };
}

for (const [path, least] of [['/r2', 35], ['/kv', 12], ['/cache', 9]]) {
  test(`${path} is what Miniflare makes of it`, async () => {
    const expected = await (await theirs.ask(path)).json();
    assert.ok(Object.keys(expected).length >= least);
    // What fails for another reason would agree about nothing.
    const failed = Object.entries(expected).filter(([, value]) => `${value}`.startsWith('error: ')).map(([step]) => step);
    assert.deepEqual(failed, path === '/r2' ? ['behind'] : []);
    for (const { url } of [ours, apart]) {
      const seen = await (await fetch(url + path)).json();
      for (const [step, value] of Object.entries(expected)) assert.deepEqual(seen[step], value, step);
    }
  });
}

const once = async (key, isolate = 0) => (await fetch(`${ours.urls[isolate]}/get/${key}`)).json();

test('isolates share bucket, namespace and cache, and each bucket has its own keys', async () => {
  await ours.put('shared', 'seen');
  await ours.namespaces.NAMES.put('shared', 'named');
  for (const isolate of [0, 1]) {
    const { get, named } = await once('shared', isolate);
    assert.deepEqual([get, named], ['seen', 'named']);
  }
  assert.deepEqual(await ours.buckets.ARCHIVE.keys(), []);
  assert.deepEqual(await (await fetch(`${ours.url}/other`)).json(), { there: null });
});

test('tests see what is kept, and take it away', async () => {
  const { PICTURES: bucket } = ours.buckets;
  await bucket.put('own/ä', 'x', { httpFields: { contentType: 'image/png' }, customFields: { by: 'us' } });
  const { facts, bytes } = await bucket.get('own/ä');
  assert.deepEqual([facts.httpFields.contentType, facts.customFields, `${bytes}`], ['image/png', [{ k: 'by', v: 'us' }], 'x']);
  assert.deepEqual(await bucket.keys('own/'), ['own/ä']);
  await bucket.delete('own/ä');
  assert.equal(await bucket.get('own/ä'), null);
  const { NAMES: names } = ours.namespaces;
  await names.put('brief', 'x', { seconds: 1 });
  assert.equal(await names.get('brief'), 'x');
  await wait(1200);
  assert.equal(await names.get('brief'), null, 'tests may put what expires soon');
  await names.delete('shared');
  assert.ok(!(await names.keys()).includes('shared'));
});

test('services fail and are counted as told', async () => {
  const { PICTURES: bucket } = ours.buckets;
  await bucket.put('b', 'a body to be cut');
  const before = await bucket.counts();
  await bucket.set('fail', { kinds: ['get'], key: 'b', times: 1 });
  assert.match((await once('b')).get, /^error: get: .*\(10001\)$/);
  assert.equal((await once('b')).get, 'a body to be cut');
  await bucket.set('cut', { key: /^b$/, times: 1 });
  assert.match((await once('b')).get, /^error: /);
  await bucket.set('slow', { ms: 200, times: 1 });
  const began = performance.now();
  assert.equal((await once('b')).get, 'a body to be cut');
  assert.ok(performance.now() - began > 190);
  await bucket.set('stall', { times: 1 });
  await assert.rejects(fetch(`${ours.url}/get/b`, { signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' });
  const { operations, faults } = await bucket.counts();
  assert.equal(operations.get - before.operations.get, 5);
  assert.deepEqual(faults, { fail: 1, cut: 1, slow: 1, stall: 1 });
  await bucket.set('fail', {});
  await bucket.clear();
  await ours.namespaces.NAMES.set('fail', { times: 1 });
  await ours.cache.set('fail', { kinds: ['match'], times: 1 });
  const { get, named, cached } = await once('b');
  assert.deepEqual([get, cached], ['a body to be cut', false]);
  assert.match(named, /^error: /);
});

test('our Worker works with them: it makes a picture once for all isolates, fails with its bucket, and is told apart', async () => {
  const worker = await startBareWorker({ ACCESS: 'public' }, undefined, { isolates: 2 });
  try {
    await worker.put('a.png', plainPng(16, 16));
    const statuses = async (isolate) => {
      const { status, headers } = await worker.ask(PATH, 'GET', {}, isolate);
      return [status, headers['cache-status']];
    };
    const bucket = worker.buckets.PICTURES;
    await bucket.set('fail', {});
    assert.equal((await statuses(0))[0], 502);
    await bucket.clear();
    assert.equal((await statuses(0))[0], 200);
    const { operations } = await bucket.counts();
    // The other isolate finds the variant, and the version too, where the first one put them.
    assert.match((await statuses(1))[1], /hit$/);
    assert.deepEqual((await bucket.counts()).operations, operations);
  } finally {
    await worker.close();
  }
});

test('a client goes away before the answer, and the Worker goes on', async () => {
  const worker = await startBareWorker({ ACCESS: 'public' });
  try {
    await worker.put('a.png', plainPng(16, 16));
    await worker.buckets.PICTURES.set('slow', { ms: 300, times: 4 });
    await Promise.all([0, 20, 50, 100].map((after) => worker.connect().leave(PATH, { after })));
    const { status } = await worker.ask(PATH);
    assert.equal(status, 200);
    const slow = worker.connect();
    slow.pause();
    const answer = slow.ask(PATH);
    assert.equal(await Promise.race([answer, wait(200, 'nothing')]), 'nothing');
    slow.resume();
    assert.equal((await answer).status, 200);
    slow.close();
    assert.ok(worker.rss() === null || worker.rss() > 10 << 20);
  } finally {
    await worker.close();
  }
});

test('a cache with little room forgets what was not asked for longest', async () => {
  const small = await startBareWorker({}, scenario, { ...all, isolates: 1, cacheBytes: 1000 });
  const has = async (key) => (await (await fetch(`${small.url}/get/${key}`)).json()).cached;
  const keep = async (key) => (await fetch(`${small.url}/keep/${key}`)).text();
  try {
    for (const key of ['one', 'two']) await keep(key);
    assert.deepEqual([await has('two'), await has('one')], [true, true]);
    await keep('three');
    assert.deepEqual([await has('one'), await has('two'), await has('three')], [true, false, true]);
    assert.deepEqual((await small.cache.counts()).operations, { put: 3, match: 5 });
  } finally {
    await small.close();
  }
});
