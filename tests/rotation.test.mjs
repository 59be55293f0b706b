// Keys change while pictures are asked for: nobody with a valid grant notices, and grants of keys that are gone are not
// good any more.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startBareWorker } from './e2e/bare.mjs';
import { keySet, now, signToken, signUrl, tokenKey, urlKey } from './e2e/grants.mjs';
import { plainPng } from './e2e/picture.mjs';

const CLIENTS = 32;
const URL = '/image/width=16,format=png/a.png';
const ISSUER = 'https://id.example';

/** Somebody who publishes keys at `/jwks`, in more than one mood: `state` says in which, and what was asked for. */
async function startIssuer() {
  const state = { mood: 'well', keys: [], asked: {} };
  const moods = {
    well: (response) => response.end(JSON.stringify(keySet(...state.keys.map(({ jwk }) => jwk)))),
    failing: (response) => response.writeHead(500).end('no'),
    silent: () => {},
    raving: (response) => response.end('<!doctype html><p>Be right back'),
    empty: (response) => response.end('{"keys":[]}'),
    elsewhere: (response) => response.writeHead(302, { location: '/other' }).end(),
    endless: (response) => response.end(JSON.stringify({ ...keySet(...state.keys.map(({ jwk }) => jwk)), more: 'x'.repeat(65_536) })),
  };
  const server = createServer(({ url }, response) => {
    state.asked[url] = (state.asked[url] ?? 0) + 1;
    // What a redirect would lead to is well.
    moods[url === '/other' ? 'well' : state.mood](response);
  });
  const listen = (port) => once(server.listen(port, '127.0.0.1'), 'listening');
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await once(server.close(), 'close');
  };
  await listen(0);
  const { port } = server.address();
  return { state, url: `http://127.0.0.1:${port}/jwks`, stop, listen: () => listen(port), hangUp: () => server.closeAllConnections() };
}

const settings = (url, more) => ({
  ACCESS: 'token',
  FRESH_SECONDS: '3600',
  ISSUERS: [{ issuer: ISSUER, audience: 'pictures', jwks_url: url }],
  ...more,
});
const tokenOf = (key, name) => signToken(key, { iss: ISSUER, aud: 'pictures', exp: now() + 3600, sub: name });
const events = (worker, name) => worker.logs().filter((line) => line.startsWith(`{"event":"${name}"`)).map((line) => JSON.parse(line));

test('while an issuer rotates its keys and fails in every way, no valid token is refused', async (t) => {
  const issuer = await startIssuer();
  const { state } = issuer;
  const worker = await startBareWorker(settings(issuer.url));
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(tokenKey);
  const stranger = tokenKey('stranger');
  const used = [];
  const refused = [];
  const asked = { valid: 0, unknown: 0 };
  let signers = [a];
  let hasEnded = false;
  const bearing = (connection, token) => connection.ask(URL, 'GET', { authorization: `Bearer ${token}` });
  const one = (list) => list[Math.floor(Math.random() * list.length)];

  async function client(index) {
    const connection = worker.connect();
    while (!hasEnded) {
      const key = one(signers);
      const token = tokenOf(key, `client ${index}`);
      used.push(token);
      const { status, body } = await bearing(connection, token);
      asked.valid += 1;
      if (status !== 200) refused.push(`${key.kid} while ${state.mood}: ${status} ${body}`);
      await wait(8);
    }
    connection.close();
  }

  async function nuisance() {
    while (!hasEnded) {
      const { status } = await worker.ask(URL, 'GET', { authorization: `Bearer ${tokenOf({ ...stranger, kid: `x${asked.unknown}` }, 'x')}` });
      assert.ok([401, 503].includes(status), `${status}`);
      asked.unknown += 1;
      await wait(5);
    }
  }

  const began = performance.now();
  try {
    await worker.put('a.png', plainPng(64, 48));
    state.keys = [a];
    const together = async (key) => {
      const answers = await Promise.all(Array.from({ length: CLIENTS }, () => worker.ask(URL, 'GET', { authorization: `Bearer ${tokenOf(key, 'first')}` })));
      return answers.filter(({ status }) => status === 200).length;
    };
    // Nobody knows the keys yet, and all want them at once.
    assert.equal(await together(a), CLIENTS);
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
    await wait(700);
    state.keys = [a, b];
    await wait(1100);
    assert.equal(await together(b), CLIENTS);
    assert.equal(state.asked['/jwks'], 2, 'each key is asked for once, whoever wants it');
    const crowd = Promise.all([nuisance(), nuisance()]);

    signers = [a, b];
    await wait(800);
    signers = [b];
    await wait(800);
    state.keys = [b];
    await wait(1700);
    state.keys = [b, c];
    await wait(2000);
    signers = [b, c];
    await wait(500);
    signers = [c];
    await wait(300);

    await issuer.stop();
    await wait(1500);
    await issuer.listen();
    for (const mood of ['failing', 'silent', 'raving', 'empty', 'elsewhere', 'endless']) {
      state.mood = mood;
      await wait(mood === 'silent' ? 2000 : 1400);
      issuer.hangUp();
    }
    [state.mood, state.keys] = ['well', [c, d]];
    await wait(2000);
    signers = [c, d];
    await wait(800);
    signers = [d];
    await wait(500);

    hasEnded = true;
    await Promise.all([clients, crowd]);
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${asked.valid} valid tokens and ${asked.unknown} of unknown keys in ${seconds.toFixed(1)} s, ${refused.length} valid ones refused; the keys were asked for ${state.asked['/jwks']} times`);
    assert.deepEqual(refused.slice(0, 10), []);
    assert.ok(asked.valid > 2000 && asked.unknown > 200, JSON.stringify(asked));
    // Once a second, however often unknown keys are named.
    assert.ok(state.asked['/jwks'] <= seconds + 2, `${state.asked['/jwks']} times in ${seconds} s`);
    assert.equal(state.asked['/other'], undefined, 'nobody is followed elsewhere');

    for (const gone of [a, b]) assert.equal((await worker.ask(URL, 'GET', { authorization: `Bearer ${tokenOf(gone, 'late')}` })).status, 401, gone.kid);
    for (const there of [c, d]) assert.equal((await worker.ask(URL, 'GET', { authorization: `Bearer ${tokenOf(there, 'late')}` })).status, 200, there.kid);

    const changes = events(worker, 'keys').map(({ source, added, removed }) => [source, added, removed]);
    assert.deepEqual(changes, [
      [issuer.url, ['a'], []],
      [issuer.url, ['b'], []],
      [issuer.url, [], ['a']],
      [issuer.url, ['c'], []],
      [issuer.url, ['d'], ['b']],
    ]);
    const failures = events(worker, 'failed').map(({ reason }) => reason).join('\n');
    for (const why of ['it answers 500', 'it answers 302', 'longer than 65536 bytes', 'no JWK Set', 'no key in it']) assert.ok(failures.includes(why), why);
    const log = worker.logs().join('\n');
    assert.ok(log.includes('"event":"refused"'));
    for (const token of used) assert.ok(!log.includes(token.split('.')[2]));
  } finally {
    hasEnded = true;
    await worker.close();
    await issuer.stop();
  }
});

for (const [mood, reason] of [['endless', 'it is longer than 65536 bytes'], ['elsewhere', 'it answers 302'], ['failing', 'it answers 500']]) {
  test(`an issuer that is ${mood} from the beginning gives no keys until it is well`, async () => {
    const issuer = await startIssuer();
    const worker = await startBareWorker(settings(issuer.url));
    try {
      await worker.put('a.png', plainPng(64, 48));
      const key = tokenKey('a');
      issuer.state.keys = [key];
      const ask = () => worker.ask(URL, 'GET', { authorization: `Bearer ${tokenOf(key, 'early')}` });
      issuer.state.mood = mood;
      const { status, headers } = await ask();
      assert.deepEqual([status, headers['retry-after'], headers['cache-control']], [503, '30', 'no-store']);
      assert.ok(events(worker, 'failed').some((event) => event.reason.endsWith(reason)), worker.logs().join('\n'));
      assert.equal(issuer.state.asked['/other'], undefined);
      issuer.state.mood = 'well';
      await wait(1100);
      assert.equal((await ask()).status, 200);
    } finally {
      await worker.close();
      await issuer.stop();
    }
  });
}

test('a URL signed by the first key stays good behind a new first key, and goes with it', async () => {
  const [old, young] = ['old', 'young'].map(urlKey);
  const stages = [[old], [young, old], [young]];
  const workers = await Promise.all(stages.map((keys) => startBareWorker({ URL_KEYS: keySet(...keys), FRESH_SECONDS: '3600' })));
  try {
    for (const worker of workers) await worker.put('a.png', plainPng(64, 48));
    const statuses = async (key) => {
      const url = signUrl(key, URL, { expires: now() + 600 });
      const answers = await Promise.all(workers.map((worker) => worker.ask(url)));
      for (const worker of workers) assert.ok(!worker.logs().some((line) => line.includes(url.split('sig=')[1])));
      return answers.map(({ status }) => status);
    };
    assert.deepEqual(await statuses(old), [200, 200, 403]);
    assert.deepEqual(await statuses(young), [403, 200, 200]);
    const [refusal] = events(workers[2], 'refused');
    assert.deepEqual([refusal.reason, refusal.kid], ['the signature is not valid', 'old']);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
});
