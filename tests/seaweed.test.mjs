// The S3 server that other tests ask is strict where they rely on it: about signatures, ranges and conditions.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFaults } from './e2e/faults.mjs';
import { startSeaweed } from './e2e/seaweed.mjs';
import { encodedKey, signed } from './e2e/sigv4.mjs';

const KEY = 'folder/ä picture+(1)=&~\'*.jpg';
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251));

let server;
before(async () => {
  server = await startSeaweed();
  await server.put(KEY, BYTES, { 'content-type': 'image/jpeg', 'x-amz-meta-seen': 'a   b' });
});
after(() => server?.close());

const urlOf = (endpoint, key = KEY) => `${endpoint}/${server.bucket}/${encodedKey(key)}`;
const headersFor = (url, more) => signed({ url, region: server.region, credentials: server.credentials, ...more });
const status = async (response) => {
  const { status } = await response;
  await (await response).arrayBuffer();
  return status;
};

test('signatures of the published example come out as they are published', () => {
  // "GET Object" of AWS's "Examples of the complete Version 4 signing process" for S3.
  const { authorization } = signed({
    url: 'https://examplebucket.s3.amazonaws.com/test.txt',
    headers: { Range: 'bytes=0-9' },
    region: 'us-east-1',
    credentials: { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    now: new Date('2013-05-24T00:00:00Z'),
  });
  assert.ok(authorization.endsWith('Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'), authorization);
});

test('an object comes as it was put', async () => {
  const response = await server.ask('GET', KEY);
  assert.equal(response.status, 200);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), BYTES);
  assert.equal(response.headers.get('content-type'), 'image/jpeg');
  const head = await server.ask('HEAD', KEY);
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${BYTES.length}`]);
});

test('one that is not there, or not any more, is 404', async () => {
  assert.equal(await status(server.ask('GET', 'nothing')), 404);
  await server.put('gone', 'x');
  await server.delete('gone');
  assert.equal(await status(server.ask('GET', 'gone')), 404);
});

test('a range is 206, and one behind the end 416', async () => {
  const part = await server.ask('GET', KEY, { headers: { range: 'bytes=10-19' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 10-19/${BYTES.length}`);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), BYTES.subarray(10, 20));
  assert.equal(await status(server.ask('GET', KEY, { headers: { range: 'bytes=100000-' } })), 416);
});

test('who has the object already hears 304, and If-Match is kept to', async () => {
  const etag = await server.put('changing', 'one');
  assert.match(etag, /^"[0-9a-f]{32}"$/);
  assert.equal(await status(server.ask('GET', 'changing', { headers: { 'if-none-match': etag } })), 304);
  assert.equal(await status(server.ask('HEAD', 'changing', { headers: { 'if-none-match': etag } })), 304);
  const newer = await server.put('changing', 'two');
  assert.notEqual(newer, etag);
  assert.equal(await status(server.ask('GET', 'changing', { headers: { 'if-none-match': etag } })), 200);
  assert.equal(await status(server.ask('GET', 'changing', { headers: { 'if-match': etag } })), 412);
});

test('nobody gets in without the right signature', async () => {
  const url = urlOf(server.endpoint);
  const good = headersFor(url);
  const other = { ...server.credentials, secret_access_key: 'another' };
  const stranger = { ...server.credentials, access_key_id: 'STRANGER' };
  const last = good.authorization.at(-1);
  const wrong = {
    unsigned: {},
    'another secret': headersFor(url, { credentials: other }),
    'another access key': headersFor(url, { credentials: stranger }),
    'a signature that was touched': { ...good, authorization: good.authorization.slice(0, -1) + (last === '0' ? '1' : '0') },
    'a header that was touched': { ...headersFor(url, { headers: { range: 'bytes=0-9' } }), range: 'bytes=0-10' },
    'another path': headersFor(urlOf(server.endpoint, 'other')),
    'another method': headersFor(url, { method: 'PUT' }),
    'an hour ago': headersFor(url, { now: new Date(Date.now() - 3_600_000) }),
  };
  for (const [name, headers] of Object.entries(wrong)) assert.equal(await status(fetch(url, { headers })), 403, name);
  assert.equal(await status(fetch(url, { headers: good })), 200);
});

test('a signature for the host of a proxy holds behind the proxy', async () => {
  const proxy = await startFaults(server.endpoint);
  try {
    const url = urlOf(proxy.url);
    const response = await fetch(url, { headers: headersFor(url) });
    assert.equal(response.status, 200);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), BYTES);
    // And it is the host that it holds for.
    assert.equal(await status(fetch(url, { headers: headersFor(urlOf(server.endpoint)) })), 403);
  } finally {
    await proxy.close();
  }
});
