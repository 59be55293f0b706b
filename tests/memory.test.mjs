// However many different things are asked for, what an isolate remembers of them stays small beside what one picture may
// take: whoever asks for tiny answers must not take the room of the next large one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBareWorker } from './e2e/bare.mjs';
import { plainPng } from './e2e/picture.mjs';

const REQUESTS = 24_000;
const CONNECTIONS = 16;
const MOST_MIB = 10;

test(`${REQUESTS} tiny answers leave linear memory to the pictures`, async (t) => {
  const worker = await startBareWorker({ ACCESS: 'public', REPORT_MEMORY: 'on', FRESH_SECONDS: '3600' });
  try {
    await worker.put('a.png', plainPng(64, 48));
    let asked = 0;
    let most = 0;
    const client = async () => {
      const connection = worker.connect();
      while (asked < REQUESTS) {
        const number = asked++;
        const options = `width=${1 + (number % 12_000)},quality=${1 + Math.floor(number / 12_000)},format=json`;
        const { status, headers } = await connection.ask(`/image/${options}/a.png`);
        assert.equal(status, 200);
        most = Math.max(most, Number(headers['lenslet-linear-memory']));
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    const mib = most / 2 ** 20;
    t.diagnostic(`linear memory ${mib.toFixed(1)} MiB`);
    assert.ok(mib > 0 && mib < MOST_MIB, `${mib} MiB`);
  } finally {
    await worker.close();
  }
});
