// The origin's jobs through NATS JetStream, a real one: it is killed in the middle of the work, and all is done.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureServer } from '../scripts/lib/servers.mjs';
import { buildPrograms, lensletOrigin } from '../scripts/lib/programs.mjs';
import { environment } from '../scripts/lib/run.mjs';

const EVENTS = 120;
const PATIENCE_MS = 90_000;

const folder = mkdtempSync(join(tmpdir(), 'lenslet-nats-'));
const children = new Set();
const receiver = createHttpServer();
const arrived = new Map();
let startNats;
let startOrigin;
let token;
let ports;

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

before(async () => {
  await buildPrograms(environment());
  const program = await ensureServer('nats');
  ports = await freePorts(5);
  receiver.on('request', (request, response) => {
    const id = request.headers['webhook-id'];
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise((resolve) => receiver.listen(ports[4], '127.0.0.1', resolve));
  startNats = () => start(program, ['--jetstream', '--store_dir', join(folder, 'nats'), '--addr', '127.0.0.1', '--port', `${ports[0]}`, '--http_port', `${ports[1]}`]);
  const keys = generateKeyPairSync('ed25519');
  token = jwt(keys.privateKey);
  const jwks = JSON.stringify({ keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA' }] });
  startOrigin = (port) =>
    start(lensletOrigin, [], {
      LENSLET_ORIGIN_ADDR: `127.0.0.1:${port}`,
      LENSLET_ORIGIN_DATABASE: `sqlite:${join(folder, 'catalog.sqlite')}`,
      LENSLET_ORIGIN_STORE: `file:${join(folder, 'objects')}`,
      LENSLET_ORIGIN_QUEUE: `nats://127.0.0.1:${ports[0]}`,
      LENSLET_ORIGIN_WEBHOOKS_ALLOW_LOOPBACK: 'on',
      LENSLET_ORIGIN_TOKEN_KEYS: jwks,
      LENSLET_ORIGIN_LOG: 'warn',
    });
});

after(async () => {
  receiver.close();
  await Promise.all([...children].map(kill));
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

test('all jobs get done while the broker is killed and comes back', async () => {
  let nats = startNats();
  await until(() => answers(`http://127.0.0.1:${ports[1]}/healthz`));
  // Two processes share the work.
  for (const port of [ports[2], ports[3]]) {
    startOrigin(port);
    await until(() => answers(`http://127.0.0.1:${port}/healthz`));
  }
  const made = await ask('POST', '/v1/webhooks', { url: `http://127.0.0.1:${ports[4]}/` });
  const sent = [];
  for (let number = 0; number < EVENTS; number++) {
    if (number === EVENTS / 3) {
      assert.ok((await published()) > 0, 'jobs go through the stream');
      await kill(nats);
    }
    if (number === (2 * EVENTS) / 3) nats = startNats();
    sent.push((await ask('POST', `/v1/webhooks/${made.id}/test`)).event);
  }
  await until(() => sent.every((id) => arrived.has(id)));
  const before = await published();
  // The broker is in use again.
  const last = (await ask('POST', `/v1/webhooks/${made.id}/test`)).event;
  await until(() => arrived.has(last));
  await until(async () => (await published()) > before);
  assert.equal([...arrived.values()].reduce((sum, count) => sum + count, 0), EVENTS + 1, 'each once');
});

/** How many messages the stream has had. */
async function published() {
  const about = await (await fetch(`http://127.0.0.1:${ports[1]}/jsz?streams=true`)).json();
  const streams = (about.account_details ?? []).flatMap(({ stream_detail: detail }) => detail ?? []);
  return streams.find(({ name }) => name === 'LENSLET_JOBS')?.state.last_seq ?? 0;
}

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${ports[2]}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${said}`);
  return JSON.parse(said);
}

function jwt(key) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'tests', scope: 'admin', exp: Math.floor(Date.now() / 1000) + 3600, lenslet: { tenant: 'nats' } };
  const signed = `${part({ alg: 'EdDSA', kid: 'test', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

function start(program, flags, env = {}) {
  const child = spawn(program, flags, { stdio: process.env.SHOW ? 'inherit' : 'ignore', env: { ...environment(), ...env } });
  children.add(child);
  child.closed = once(child, 'close').then(() => children.delete(child));
  return child;
}

async function kill(child) {
  child.kill('SIGKILL');
  await child.closed;
}

const answers = async (url) => (await fetch(url).catch(() => null))?.ok ?? false;

async function until(holds) {
  const late = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < late, `not within ${PATIENCE_MS / 1000} s; ${arrived.size} events arrived`);
    await wait(100);
  }
}

/** Ports that nobody has at the moment. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    })),
  );
  const numbers = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return numbers;
}
