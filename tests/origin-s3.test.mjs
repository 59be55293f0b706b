// The origin on a real S3 server: what it gives out to clients is taken there, and nothing else.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { buildPrograms, lensletOrigin } from '../scripts/lib/programs.mjs';
import { toolEnvironment } from '../scripts/lib/tools.mjs';
import { startSeaweed } from './e2e/seaweed.mjs';

const PART = 8 << 20;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');

let bucket, origin;
before(async () => {
  await buildPrograms(toolEnvironment());
  bucket = await startSeaweed();
  origin = await startOrigin(bucket);
});
after(async () => {
  await origin?.close();
  await bucket?.close();
});

async function startOrigin({ endpoint, region, bucket, credentials }) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-origin-'));
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'EdDSA', kid: 'test' };
  const settings = {
    ADDR: '127.0.0.1:0',
    DATABASE: `sqlite:${join(folder, 'catalog.sqlite')}`,
    STORE: `s3:${bucket}`,
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_CREDENTIALS: JSON.stringify(credentials),
    TOKEN_KEYS: JSON.stringify({ keys: [jwk] }),
    RECONCILE_SECONDS: '1',
    WORKERS: '0',
  };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LENSLET_ORIGIN_${name}`, value]));
  const child = spawn(lensletOrigin, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  const address = await new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the origin ended with ${code}: ${lines.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      const { address } = JSON.parse(line);
      if (address) resolve(address);
    });
  });
  const close = async () => {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `http://${address}`, lines, close };
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token() {
  const claims = { sub: 'tester', scope: 'images:write images:read', exp: Math.floor(Date.now() / 1000) + 3600, lenslet: { tenant: 'shop' } };
  const text = `${base64url({ alg: 'EdDSA', kid: 'test' })}.${base64url(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

async function ask(method, path, body, headers = {}) {
  const json = body && !Buffer.isBuffer(body);
  const response = await fetch(`${origin.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token()}`, ...(json && { 'content-type': 'application/json' }), ...headers },
    body: json ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  return { ...(text && JSON.parse(text)), code: response.status };
}

const announced = (name, bytes, more) => ({
  name,
  size_bytes: bytes.length,
  media_type: 'image/png',
  sha256: createHash('sha256').update(bytes).digest('hex'),
  ...more,
});

/** As a client does that has nothing but what it was given; `fetch` sets the length itself. */
async function put({ url, method, headers: { 'content-length': _, ...headers } }, bytes, more) {
  const response = await fetch(url, { method, headers: { ...headers, ...more }, body: bytes });
  await response.arrayBuffer();
  return { status: response.status, etag: response.headers.get('etag') };
}

const stored = async (key) => {
  const response = await bucket.ask('GET', key);
  const bytes = Buffer.from(await response.arrayBuffer());
  return response.ok ? bytes : undefined;
};

test('a presigned PUT takes what was announced and nothing else', async () => {
  const bytes = randomBytes(100_000);
  const upload = await ask('POST', '/v1/uploads', announced("a b/ä+(1)~'.png", bytes));
  assert.equal(upload.code, 201, JSON.stringify(upload));
  for (const [what, request, body, more] of [
    ['a shorter body', upload.put, bytes.subarray(1)],
    ['a longer body', upload.put, Buffer.concat([bytes, bytes])],
    ['other bytes of the same length', upload.put, randomBytes(bytes.length)],
    ['another type', upload.put, bytes, { 'content-type': 'text/html' }],
    ['another checksum', upload.put, bytes, { 'x-amz-checksum-sha256': createHash('sha256').digest('base64') }],
    ['another key', { ...upload.put, url: upload.put.url.replace(upload.id, 'other') }, bytes],
    ['another method', { ...upload.put, method: 'DELETE' }, undefined],
  ]) {
    const { status } = await put(request, body, more);
    assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
    assert.equal(await stored(`uploads/${upload.id}`), undefined, what);
  }
  assert.equal((await ask('POST', `/v1/uploads/${upload.id}/complete`)).code, 409);
  assert.equal((await put(upload.put, bytes)).status, 200);
  for (const _ of [1, 2]) {
    const done = await ask('POST', `/v1/uploads/${upload.id}/complete`);
    assert.deepEqual([done.code, done.state], [202, 'received'], JSON.stringify(done));
  }
  assert.deepEqual(await stored(`uploads/${upload.id}`), bytes);
});

test('parts are sent in any order, and what is there is known after a break', async () => {
  const bytes = randomBytes(PART * 2 + 7);
  const upload = await ask('POST', '/v1/uploads', announced('large.png', bytes));
  assert.equal(upload.method, 'multipart', JSON.stringify(upload));
  const slice = ({ number, size_bytes: size }) => bytes.subarray((number - 1) * PART, (number - 1) * PART + size);
  const [first, second, third] = upload.multipart.parts;
  assert.ok((await put(first.put, slice(second).subarray(1))).status >= 400);
  const { status, etag } = await put(third.put, slice(third));
  assert.equal(status, 200);
  assert.equal((await put(first.put, slice(first))).status, 200);
  assert.equal((await ask('POST', `/v1/uploads/${upload.id}/complete`)).code, 409);

  const resumed = await ask('GET', `/v1/uploads/${upload.id}`);
  const [, missing, there] = resumed.multipart.parts;
  assert.equal(`"${there.etag}"`, etag);
  assert.deepEqual(resumed.multipart.parts.map((part) => Boolean(part.put)), [false, true, false]);
  const sent = await put(missing.put, slice(missing));
  const parts = [...resumed.multipart.parts.filter((part) => part.etag), { number: 2, etag: sent.etag }].map(({ number, etag }) => ({ number, etag }));
  const done = await ask('POST', `/v1/uploads/${upload.id}/complete`, { parts });
  assert.deepEqual([done.code, done.state], [202, 'received'], JSON.stringify(done));
  assert.deepEqual(await stored(`uploads/${upload.id}`), bytes);
  assert.equal((await ask('POST', `/v1/uploads/${upload.id}/complete`, { parts })).code, 202);
});

test('parts of other bytes are rejected and removed', async () => {
  const bytes = randomBytes(1000);
  const upload = await ask('POST', '/v1/uploads', announced('other.png', bytes, { method: 'multipart' }));
  assert.equal((await put(upload.multipart.parts[0].put, randomBytes(1000))).status, 200);
  assert.equal((await ask('POST', `/v1/uploads/${upload.id}/complete`)).code, 422);
  assert.equal((await ask('GET', `/v1/uploads/${upload.id}`)).problem.kind, 'wrong-checksum');
  assert.equal(await stored(`uploads/${upload.id}`), undefined);
});

test('bytes pass through the service into the bucket, if they are the right ones', async () => {
  const bytes = randomBytes(20 << 20);
  const upload = await ask('POST', '/v1/uploads', announced('direct.png', bytes, { method: 'put' }));
  const path = `/v1/uploads/${upload.id}/content`;
  assert.equal((await ask('PUT', path, randomBytes(bytes.length))).code, 422);
  assert.equal((await ask('PUT', path, bytes.subarray(1))).code, 422);
  assert.equal(await stored(`uploads/${upload.id}`), undefined);
  const done = await ask('PUT', path, bytes);
  assert.deepEqual([done.code, done.state], [202, 'received'], JSON.stringify(done));
  assert.deepEqual(await stored(`uploads/${upload.id}`), bytes);
});

test('what others put into the bucket is found', async () => {
  await bucket.put('pictures/shop/found/ä b+.png', randomBytes(10), { 'content-type': 'image/png' });
  for (let attempt = 0; ; attempt++) {
    const { uploads } = await ask('GET', '/v1/uploads?state=received');
    const found = uploads.filter(({ method }) => method === 'bucket');
    if (found.length > 0) {
      assert.deepEqual(found.map(({ name, size_bytes: size }) => [name, size]), [['found/ä b+.png', 10]]);
      break;
    }
    assert.ok(attempt < 100, origin.lines.join('\n'));
    await wait(100);
  }
});
