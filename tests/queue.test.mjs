// Messages of the queue, through wrangler's own: purges, pictures made in advance, and what cannot be carried out.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startWorker } from './e2e/harness.mjs';
import { plainPng } from './e2e/picture.mjs';

const QUEUE = `
[[queues.producers]]
binding = "QUEUE"
queue = "lenslet"

[[queues.consumers]]
queue = "lenslet"
max_batch_size = 5
max_batch_timeout = 1
max_retries = 8
retry_delay = 1
`;

/** Nothing of this takes longer. */
const PATIENCE_MS = 15_000;

let worker;
before(async () => {
  worker = await startWorker({ FRESH_SECONDS: '3600', PRESETS: { thumb: 'width=8,format=auto' } }, { toml: QUEUE });
});
after(() => worker?.close());

const send = async (message) => (await worker.bindings()).QUEUE.send(message);
const status = async (path, accept = '*/*') => {
  const { status, headers } = await worker.ask(path, { headers: { accept } });
  return `${status} ${headers['cache-status'] ?? ''}`;
};

async function until(holds) {
  for (const end = Date.now() + PATIENCE_MS; ; await wait(100)) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`it never was so: ${holds}`);
  }
}

const logged = () => worker.logs().map(({ message }) => message).join('\n');

test('presets are made before anybody asks', async () => {
  await worker.put('new.png', plainPng(32, 24));
  await send({ kind: 'warm', source: 'new.png', presets: ['thumb'] });
  // A picture that nobody asked for through the Worker can only be a hit if the message made it.
  await wait(3_000);
  for (const accept of ['image/avif,image/webp,*/*', 'image/webp,*/*', '*/*']) {
    assert.equal(await status('/image/preset=thumb/new.png', accept), '200 lenslet; hit', accept);
  }
});

test('a message for a picture that is on its way comes again', async () => {
  await send({ kind: 'warm', source: 'later.png', presets: ['thumb'] });
  await until(() => /was not carried out: there is no picture 'later.png'/.test(logged()));
  await worker.put('later.png', plainPng(32, 24));
  await wait(MISSING_MS + 4_000);
  assert.equal(await status('/image/preset=thumb/later.png'), '200 lenslet; hit');
});

/** So long is not asked again for what was missing. */
const MISSING_MS = 5_000;

test('a purge takes what is kept', async () => {
  const path = '/image/width=6,format=png/old.png';
  await worker.put('old.png', plainPng(32, 24));
  await status(path);
  await until(async () => (await status(path)) === '200 lenslet; hit');
  await send({ kind: 'purge', sources: ['old.png'] });
  await until(async () => (await status(path)) === '200 lenslet; fwd=uri-miss; stored');
});

test('what cannot be carried out is said once and does not come again', async () => {
  await send({ kind: 'dance' });
  await send({ kind: 'warm', source: 'new.png', presets: ['nothing'] });
  await until(() => /cannot be understood.*dance/.test(logged()) && /there is no preset 'nothing'/.test(logged()));
  await wait(3_000);
  assert.equal(logged().match(/cannot be understood/g).length, 1);
  assert.equal(logged().match(/there is no preset 'nothing'/g).length, 1);
});
