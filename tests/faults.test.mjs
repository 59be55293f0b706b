// The faults are what they are called: each as a client sees it that reads nothing but bytes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startFaults } from './e2e/faults.mjs';
import { generator } from './e2e/rules.js';

const BODY = 'a picture, or what passes for one';
const PATH = '/media/a.png?v=1';

let upstream;
let faults;
const seen = [];
before(async () => {
  upstream = createServer((request, response) => {
    seen.push(request.rawHeaders);
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': BODY.length, etag: '"1"' });
    response.end(request.method === 'HEAD' ? undefined : BODY);
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  faults = await startFaults(`http://127.0.0.1:${upstream.address().port}`);
});
beforeEach(() => faults.clear());
after(async () => {
  await faults?.close();
  upstream.closeAllConnections();
  upstream.close();
});

/** What comes back on a connection of its own within so long, and how it ended: `closed`, `open` or the code of an error. */
function raw(path = PATH, { method = 'GET', patience = 300, more = '' } = {}) {
  const { hostname, port } = new URL(faults.url);
  const socket = connect(Number(port), hostname);
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: pictures.example\r\n${more}\r\n`);
  const came = [];
  return new Promise((resolve) => {
    const over = (end) => {
      const text = Buffer.concat(came.map(({ bytes }) => bytes)).toString('latin1');
      const split = text.indexOf('\r\n\r\n');
      resolve({ end, text, head: text.slice(0, split).toLowerCase(), body: split < 0 ? '' : text.slice(split + 4), came });
      socket.destroy();
    };
    socket.on('data', (bytes) => came.push({ bytes, at: performance.now() }));
    socket.on('end', () => over('closed'));
    socket.on('error', (error) => over(error.code));
    setTimeout(() => over('open'), patience);
  });
}

const promised = ({ head }) => Number(head.match(/content-length: (\d+)/)?.[1]);

test('without a fault, an answer is the upstream’s, and the upstream sees the request as it came', async () => {
  const { end, head, body } = await raw(PATH, { more: 'X-Odd: One\r\nAuthorization: AWS4\r\n' });
  assert.deepEqual([end, body], ['open', BODY]);
  assert.match(head, /^http\/1.1 200 .*etag: "1"/s);
  const headers = seen.at(-1).join('\n');
  assert.match(headers, /^Host\npictures\.example\nX-Odd\nOne\nAuthorization\nAWS4$/m);
  assert.doesNotMatch(headers, /127\.0\.0\.1/);
});

const CASES = {
  reset: ({ end, text }) => assert.deepEqual([end, text], ['ECONNRESET', '']),
  'reset-mid': (seen) => assert.deepEqual([seen.end, promised(seen), seen.body], ['ECONNRESET', BODY.length, BODY.slice(0, BODY.length >> 1)]),
  short: (seen) => assert.deepEqual([seen.end, promised(seen), seen.body], ['closed', BODY.length, BODY.slice(0, -1)]),
  'wrong-length': (seen) => assert.deepEqual([seen.end, promised(seen), seen.body], ['closed', BODY.length - 1, BODY]),
  stall: ({ end, text }) => assert.deepEqual([end, text], ['open', '']),
  'stall-mid': (seen) => assert.deepEqual([seen.end, promised(seen), seen.body], ['open', BODY.length, BODY.slice(0, BODY.length >> 1)]),
  garbage: ({ end, text }) => {
    assert.equal(end, 'closed');
    assert.doesNotMatch(text, /^HTTP/);
  },
  'close-after-headers': (seen) => assert.deepEqual([seen.end, promised(seen), seen.body], ['closed', BODY.length, '']),
  status: ({ end, head, body }) => {
    assert.deepEqual([end, body], ['closed', 'no']);
    assert.match(head, /^http\/1.1 500 /);
  },
  loop: ({ head }) => assert.match(head, /^http\/1.1 302 .*location: \/media\/a\.png\?v=1\r/s),
  chunked: ({ end, head, body }) => {
    assert.doesNotMatch(head, /content-length/);
    assert.match(head, /transfer-encoding: chunked/);
    assert.deepEqual([end, unchunked(body)], ['closed', { text: BODY, isWhole: true }]);
  },
  'chunked-cut': ({ end, body }) => assert.deepEqual([end, unchunked(body)], ['closed', { text: BODY.slice(0, BODY.length >> 1), isWhole: false }]),
};

function unchunked(text) {
  let rest = text;
  let body = '';
  for (;;) {
    const size = rest.match(/^([0-9a-f]+)\r\n/);
    if (!size) return { text: body, isWhole: false };
    const length = parseInt(size[1], 16);
    if (!length) return { text: body, isWhole: rest === '0\r\n\r\n' };
    body += rest.slice(size[0].length, size[0].length + length);
    rest = rest.slice(size[0].length + length + 2);
  }
}

for (const [fault, check] of Object.entries(CASES)) {
  test(`${fault} is what it is called, once`, async () => {
    const rule = faults.set(fault, { times: 1 });
    check(await raw());
    assert.equal(rule.applied, 1);
    const { body, end } = await raw();
    assert.deepEqual([body, end], [BODY, 'open']);
  });
}

test('drip gives a few bytes at a time, slow all of them later', async () => {
  faults.set('drip', { bytes: 10, ms: 40, times: 1 });
  const drip = await raw(PATH, { patience: 2000 });
  assert.deepEqual([drip.end, drip.body, promised(drip)], ['closed', BODY, BODY.length]);
  assert.ok(drip.came.length >= 4 && drip.came.at(-1).at - drip.came[0].at > 100, `${drip.came.length} parts`);
  faults.set('slow', { ms: 150, times: 1 });
  const began = performance.now();
  const slow = await raw(PATH, { patience: 2000 });
  assert.deepEqual([slow.end, slow.body], ['closed', BODY]);
  assert.ok(slow.came[0].at - began >= 140);
});

test('a status comes with its headers, and a redirect leads where it is told', async () => {
  faults.set('status', { status: 429, headers: { 'Retry-After': '2' }, body: 'later', times: 1 });
  const later = await raw();
  assert.match(later.head, /^http\/1.1 429 .*retry-after: 2\r/s);
  assert.equal(later.body, 'later');
  faults.set('redirect', { location: 'http://192.0.2.1/secret', times: 1 });
  assert.match((await raw()).head, /^http\/1.1 302 .*location: http:\/\/192\.0\.2\.1\/secret\r/s);
});

test('a HEAD has no body with any fault, and the length that a GET would have', async () => {
  for (const fault of ['short', 'stall-mid', 'chunked', 'chunked-cut', 'drip', 'slow', 'status']) {
    const seen = await (faults.set(fault, { times: 1, ms: 10 }), raw(PATH, { method: 'HEAD', patience: 150 }));
    assert.equal(seen.body, '', fault);
    if (['short', 'stall-mid', 'drip', 'slow'].includes(fault)) assert.equal(promised(seen), BODY.length, fault);
  }
});

test('nobody listens while it is down, and somebody does again where it was', async () => {
  const held = raw(PATH, { patience: 2000 });
  await wait(50);
  await faults.down();
  assert.notEqual((await held).end, 'open', 'connections that are open are gone');
  const { end, text } = await raw();
  assert.deepEqual([end, text], ['ECONNREFUSED', '']);
  await faults.up();
  assert.equal((await raw()).body, BODY);
});

test('a fault is for the paths and methods that it names', async () => {
  faults.set('status', { path: '/media/a.png', method: 'GET' });
  faults.set('status', { path: /\?v=2$/, status: 503 });
  const statusOf = async (...request) => Number((await raw(...request, { patience: 100 })).text.split(' ')[1]);
  assert.equal(await statusOf('/media/a.png?v=1'), 500);
  assert.equal(await statusOf('/media/b.png?v=2'), 503);
  assert.equal(await statusOf('/media/b.png?v=1'), 200);
  assert.match((await raw('/media/a.png', { method: 'HEAD', patience: 100 })).text, / 200 /);
  assert.equal(faults.count(/b\.png/), 2);
  assert.equal(faults.count('/media/a.png', 'HEAD') >= 1, true);
});

test('a share of the requests is that share, and the same ones each time', async () => {
  const failed = async (seed) => {
    faults.clear();
    faults.set('status', { percent: 20, seed });
    const which = [];
    for (let index = 0; index < 200; index++) which.push((await fetch(`${faults.url}/x`)).status === 500);
    return which;
  };
  const first = await failed(7);
  const count = first.filter(Boolean).length;
  assert.ok(count > 20 && count < 60, `${count} of 200`);
  assert.deepEqual(await failed(7), first);
  assert.notDeepEqual(await failed(8), first);
});

test('what is drawn is spread evenly, whatever the seed', () => {
  for (const seed of [0, 1, 2, 3, 1000]) {
    const draw = generator(seed);
    const drawn = Array.from({ length: 10_000 }, draw);
    const low = drawn.filter((number) => number < 0.05).length;
    assert.ok(low > 400 && low < 600, `${low} of 10000 for ${seed}`);
    assert.ok(drawn.every((number) => number >= 0 && number < 1));
  }
});

test('by itself it answers what it was told, with conditions, and is 404 otherwise', async () => {
  const alone = await startFaults();
  try {
    alone.serve('/a.png', { headers: { 'content-type': 'image/png', etag: '"x"' }, body: BODY });
    const found = await fetch(`${alone.url}/a.png`);
    assert.deepEqual([found.status, found.headers.get('content-type'), await found.text()], [200, 'image/png', BODY]);
    assert.equal((await fetch(`${alone.url}/a.png`, { headers: { 'if-none-match': '"x"' } })).status, 304);
    assert.equal((await fetch(`${alone.url}/b.png`)).status, 404);
    const head = await fetch(`${alone.url}/a.png`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${BODY.length}`]);
    alone.set('short', { missing: 5, times: 1 });
    await assert.rejects(fetch(`${alone.url}/a.png`).then((response) => response.text()));
  } finally {
    await alone.close();
  }
});

test('it is known who went away before the answer was over', async () => {
  const marker = faults.requests.length;
  const abort = async (fault) => {
    if (fault) faults.set(fault, { times: 1, ms: 20, bytes: 1 });
    await fetch(`${faults.url}/gone`, { signal: AbortSignal.timeout(100) }).then((response) => response.text()).catch(() => {});
    await wait(50);
  };
  for (const fault of ['stall', 'stall-mid', 'drip', 'short', 'reset', 'status', undefined]) await abort(fault);
  const aborted = faults.requests.slice(marker).map(({ isAborted }) => isAborted);
  assert.deepEqual(aborted, [true, true, true, false, false, false, false]);
});

test('an upstream that is gone is a 502', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address();
  await once(other.close(), 'close');
  const before = await startFaults(`http://127.0.0.1:${port}`);
  try {
    assert.equal((await fetch(`${before.url}/x`)).status, 502);
  } finally {
    await before.close();
  }
});
