// What the origin acknowledged is never lost, though it is killed meanwhile: the short form of `npm run chaos`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos } from './e2e/chaos.mjs';
import { announcement, startOrigin } from './e2e/origin.mjs';

test('killed three times during 60 uploads, it loses none, doubles none, and leaves nothing behind', { timeout: 400_000 }, async (t) => {
  const { acknowledged, unfinished, retries, seconds, ...wrong } = await chaos({ uploads: 60, kills: 3 });
  t.diagnostic(`${acknowledged} uploads, ${retries} retries, ${unfinished} half-written files, ${seconds.toFixed(1)} s`);
  assert.equal(acknowledged, 60);
  assert.deepEqual(wrong, { lost: [], wrong: [], orphans: [], missing: [], duplicates: [], dead: [] });
});

test('a hundred equal uploads at once with one key are one', async () => {
  const origin = await startOrigin();
  try {
    const body = announcement('one.png', Buffer.from('whatever it is'));
    const one = () => origin.json('POST', '/v1/uploads', { body, headers: { 'idempotency-key': 'the-same' } });
    const all = await Promise.all(Array.from({ length: 100 }, one));
    assert.equal(new Set(all.map(({ id }) => id)).size, 1);
    assert.equal((await origin.json('GET', '/v1/uploads')).uploads.length, 1);
  } finally {
    await origin.close();
  }
});
