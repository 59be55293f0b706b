// A panic that slips through: nobody but its own request may be hurt by it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LARGEST_MEMORY, mib, startWorker } from './e2e/harness.mjs';
import { note } from './e2e/notes.mjs';

const DRILL = '/__lenslet/drill';
/** The Worker that aborts ends its neighbours too; whoever built it was told so. */
const aborts = process.env.LENSLET_PANIC === 'abort' && 'LENSLET_PANIC is abort: this Worker does not unwind';
if (aborts) {
  note(`the tests of panics were not run: ${aborts}`);
  // The runner counts skipped tests, not skipped suites.
  test.skip(`a panic hurts nobody else: ${aborts}`);
}

const transform = (worker, width) => worker.ask(`/image/width=${width},format=webp/samples/photo.jpg`);

describe('where drills are on', { skip: aborts }, () => {
  let worker;
  before(async () => {
    worker = await startWorker({ DRILLS: 'on' });
    await worker.seed();
    assert.equal((await transform(worker, 90)).status, 200);
  });
  after(() => worker?.close());

  const drills = [
    ['panic', 'a panic'],
    ['bounds', 'an index out of bounds'],
    ['memory', 'running out of memory'],
  ];
  for (const [index, [drill, what]] of drills.entries()) {
    test(`${what} ends its own request; one in flight and the next one are answered`, async () => {
      const slow = worker.ask(`${DRILL}/slow`);
      let slowIsDone = false;
      slow.then(() => (slowIsDone = true), () => {});
      await new Promise((resolve) => setTimeout(resolve, 200));

      const broken = await worker.ask(`${DRILL}/${drill}`);
      assert.equal(broken.status, 500);
      assert.equal(slowIsDone, false, 'the slow one is still in flight');
      const next = await transform(worker, 100 + index);
      assert.equal(next.status, 200, next.body.toString().slice(0, 200));

      const { status, body, ms } = await slow;
      assert.deepEqual([status, body.toString()], [200, 'slow, and alive']);
      assert.ok(ms >= 900, `it took ${ms} ms`);
    });
  }

  test('two that break at once end neither each other nor the rest', async () => {
    const asked = ['slow', 'panic', 'slow', 'memory', 'bounds', 'slow', 'panic'];
    const answers = await Promise.all([...asked.map((drill) => worker.ask(`${DRILL}/${drill}`)), transform(worker, 110)]);
    const statuses = answers.map(({ status }) => status);
    assert.deepEqual(statuses, [...asked.map((drill) => (drill === 'slow' ? 200 : 500)), 200]);
    assert.equal((await transform(worker, 111)).status, 200);
  });

  test('the instance that ran out of memory is the one that answers afterwards, within its bounds', async () => {
    const { most, fell } = worker.memory;
    assert.ok(most <= LARGEST_MEMORY, mib(most));
    assert.ok(most > 80 << 20, `it did run out: ${mib(most)}`);
    assert.equal(fell, false, 'the memory never shrank, as it would in a new instance');
  });
});

test('drills are off unless switched on', async () => {
  const worker = await startWorker();
  try {
    for (const drill of ['slow', 'panic', 'bounds', 'memory']) {
      const answer = await worker.ask(`${DRILL}/${drill}`);
      assert.equal(answer.status, 404, drill);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
    }
  } finally {
    await worker.close();
  }
});
