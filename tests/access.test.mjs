// Who may ask, in a deployment as it is deployed: with the settings of wrangler.toml, and keys, policies and limits.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { keySet, now, signToken, signUrl, tokenKey, urlKey } from './e2e/grants.mjs';
import { startWorker } from './e2e/harness.mjs';
import { header, plainPng } from './e2e/picture.mjs';

/** Everything that the harness sets for other tests, taken back. */
const AS_DEPLOYED = { ACCESS: undefined, ORIGINALS: undefined, REPORT_MEMORY: undefined };
const URL = '/image/width=16,format=png/a.png';
const key = urlKey('first');
const issuer = tokenKey('issuer');
const ISSUERS = { ISSUERS: [{ issuer: 'https://id.example', audience: 'pictures' }], TOKEN_KEYS: keySet(issuer.jwk) };
const LIMITS = [['SLOW', 3], ['EACH', 2]]
  .map(([name, limit], index) => `[[ratelimits]]\nname = "${name}"\nnamespace_id = "${1001 + index}"\nsimple = { limit = ${limit}, period = 60 }\n`)
  .join('\n');

let fresh;
let keyed;
const token = (claims) => signToken(issuer, { iss: 'https://id.example', aud: 'pictures', exp: now() + 600, ...claims });
const bearing = (path, claims) => keyed.ask(path, { headers: { authorization: `Bearer ${token(claims)}` } });

before(async () => {
  [fresh, keyed] = await Promise.all([
    startWorker(AS_DEPLOYED),
    startWorker(
      {
        ...AS_DEPLOYED,
        ...ISSUERS,
        URL_KEYS: keySet(key),
        RATES: { slow: { binding: 'SLOW', limit: 3, period: 60 }, each: { binding: 'EACH', limit: 2, period: 60, by: 'grant' } },
        POLICIES: [
          { path: 'members', access: 'token' },
          { path: 'slow', access: 'signed', rate: 'slow' },
          { path: 'each', access: 'token', rate: 'each' },
          { path: 'swiss', access: 'public', allow: { countries: ['CH'] } },
          { path: 'inside', access: 'public', allow: { ips: ['192.0.2.0/24'] }, deny: { ips: ['192.0.2.66'] } },
          { path: 'embedded', access: 'public', referers: ['example.com', 'none'], fetch_sites: ['same-site', 'none'] },
        ],
      },
      { toml: LIMITS },
    ),
  ]);
  await fresh.put('a.png', plainPng(64, 48));
  for (const folder of ['', 'members/', 'slow/', 'each/', 'swiss/', 'inside/', 'embedded/']) await keyed.put(`${folder}a.png`, plainPng(64, 48));
});

after(() => Promise.all([fresh?.close(), keyed?.close()]));

function given({ status, headers, body }, width) {
  assert.equal(status, 200, body.toString());
  assert.deepEqual(header(body), { format: 'png', width, height: Math.round(width * 0.75) });
  return headers;
}

function refused({ status, headers, body }, expected, type) {
  assert.equal(status, expected, body.toString());
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers.etag, undefined);
  assert.equal(headers['www-authenticate'] === undefined, expected !== 401);
  const document = JSON.parse(body);
  assert.equal(document.type, `urn:lenslet:problem:${type}`);
  return document;
}

describe('a deployment without keys', () => {
  test('gives nothing, and says how to make some', async () => {
    assert.match(refused(await fresh.ask(URL), 403, 'private').detail, /lenslet key new/);
    refused(await fresh.ask(signUrl(key, URL)), 403, 'private');
    refused(await fresh.ask('/a.png'), 404, 'no-such-path');
  });

  test('does not tell what there is', async () => {
    const [there, absent] = [await fresh.ask(URL), await fresh.ask(URL.replace('a.png', 'nothing.png'))];
    assert.deepEqual([there.status, there.body.toString()], [absent.status, absent.body.toString()]);
  });
});

describe('a signed URL', () => {
  test('is good until it expires, and is nobody else’s to keep', async () => {
    const headers = given(await keyed.ask(signUrl(key, URL, { expires: now() + 90 })), 16);
    const [, seconds] = headers['cache-control'].match(/^private, max-age=(\d+)$/);
    assert.ok(Number(seconds) <= 90 && Number(seconds) > 60, seconds);
    refused(await keyed.ask(signUrl(key, URL, { expires: now() - 1 })), 403, 'grant-expired');
  });

  test('is good for a set of widths and no other', async () => {
    const url = signUrl(key, URL, { any: 'width.16.24' });
    given(await keyed.ask(url), 16);
    given(await keyed.ask(url.replace('width=16', 'width=24')), 24);
    refused(await keyed.ask(url.replace('width=16', 'width=25')), 403, 'grant-refused');
  });

  test('is needed, and cannot be changed', async () => {
    refused(await keyed.ask(URL), 401, 'no-grant');
    refused(await keyed.ask(signUrl(key, URL).replace('width=16', 'width=160')), 403, 'grant-refused');
    refused(await keyed.ask(signUrl(urlKey('first'), URL)), 403, 'grant-refused');
    refused(await keyed.ask(signUrl(key, URL.replace('a.png', 'members/a.png'))), 401, 'no-grant');
  });
});

describe('a token', () => {
  const path = '/image/width=16,format=png/members/a.png';
  test('comes in a header, a cookie or the URL', async () => {
    const bearer = given(await bearing(path), 16);
    assert.deepEqual([bearer.vary, bearer['cross-origin-resource-policy']], ['Authorization', 'cross-origin']);
    const cookie = given(await keyed.ask(path, { headers: { cookie: `theme=dark; lenslet=${token()}` } }), 16);
    assert.deepEqual([cookie.vary, cookie['cross-origin-resource-policy']], ['Cookie', 'same-site']);
    const query = given(await keyed.ask(`${path}?token=${token()}`), 16);
    assert.deepEqual([query.vary, query['cache-control'].split(',')[0]], [undefined, 'private']);
  });

  test('is good for what it says', async () => {
    refused(await keyed.ask(path), 401, 'no-grant');
    refused(await bearing(path, { aud: 'others' }), 401, 'grant-refused');
    refused(await bearing(path, { exp: now() }), 401, 'grant-expired');
    refused(await bearing(path, { lenslet: { paths: ['each/'] } }), 403, 'not-covered');
    assert.equal(refused(await bearing(path, { lenslet: { max_width: 15 } }), 403, 'not-covered').option, 'width');
  });

  test('may be sent from pages of other sites', async () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' };
    const answer = await keyed.ask(path, { method: 'OPTIONS', headers });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [204, '*']);
    assert.match(answer.headers['access-control-allow-headers'], /\bAuthorization\b/);
    assert.match(answer.headers['access-control-allow-methods'], /\bGET\b/);
  });
});

describe('a rate limit', () => {
  /** Asks for widths nobody has had; answers the statuses, and the last answer of each. */
  async function misses(ask, widths) {
    const answers = [];
    for (const width of widths) answers.push(await ask(width));
    return { statuses: answers.map(({ status }) => status), last: Object.fromEntries(answers.map((answer) => [answer.status, answer])) };
  }

  test('counts what is made anew, and never what the cache has', async () => {
    const ask = (width) => keyed.ask(signUrl(key, `/image/width=${width},format=png/slow/a.png`));
    // One more than two minutes let through, as one may end meanwhile.
    const { statuses, last } = await misses(ask, [4, 8, 12, 16, 20, 24, 28]);
    assert.deepEqual(statuses.slice(0, 3), [200, 200, 200]);
    refused(last[429], 429, 'too-many');
    assert.equal(last[429].headers['retry-after'], '60');
    assert.equal(last[429].headers['ratelimit-policy'], '"slow";q=3;w=60');
    assert.equal(last[429].headers.ratelimit, '"slow";r=0;t=60');
    for (let again = 0; again < 20; again++) assert.equal(given(await ask(4), 4)['cache-status'], 'lenslet; hit');
  });

  test('counts each holder of a token on their own', async () => {
    const ask = (sub) => (width) => bearing(`/image/width=${width},format=png/each/a.png`, { sub });
    const { statuses } = await misses(ask('one'), [4, 8, 12, 16, 20]);
    assert.ok(statuses.includes(429), `${statuses}`);
    given(await ask('two')(24), 24);
  });

  test('counts those who guess names', async () => {
    const ask = (name) => bearing(`/image/width=4,format=png/each/${name}.png`, { sub: 'guesser' });
    const { statuses } = await misses(ask, ['b', 'c', 'd', 'e', 'f']);
    assert.deepEqual([statuses[0], statuses.includes(429)], [404, true]);
  });
});

describe('a policy on who asks', () => {
  const asked = (folder, headers) => keyed.ask(`/image/width=16,format=png/${folder}/a.png`, { headers });
  test('looks at the country', async () => {
    // What Cloudflare says in `request.cf` is said to the local runtime in this header.
    const from = (country) => asked('swiss', { 'mf-cf-blob': JSON.stringify({ country }) });
    assert.equal(given(await from('CH'), 16)['cache-control'], 'private, max-age=3600');
    refused(await from('US'), 403, 'client-refused');
    // The client's own word is not taken.
    refused(await asked('swiss', { 'cf-ipcountry': 'CH' }), 403, 'client-refused');
  });

  test('looks at the address', async () => {
    given(await asked('inside', { 'cf-connecting-ip': '192.0.2.7' }), 16);
    refused(await asked('inside', { 'cf-connecting-ip': '192.0.2.66' }), 403, 'client-refused');
    refused(await asked('inside', { 'cf-connecting-ip': '198.51.100.7' }), 403, 'client-refused');
    refused(await asked('inside', { 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '192.0.2.7' }), 403, 'client-refused');
  });

  test('looks at the page', async () => {
    given(await asked('embedded', {}), 16);
    given(await asked('embedded', { referer: 'https://example.com/page', 'sec-fetch-site': 'same-site' }), 16);
    refused(await asked('embedded', { referer: 'https://other.example/page' }), 403, 'client-refused');
    refused(await asked('embedded', { referer: 'https://example.com/page', 'sec-fetch-site': 'cross-site' }), 403, 'client-refused');
  });
});

test('the log hears why, by whom and where, and no secret', async () => {
  const url = signUrl(key, URL).replace('width=16', 'width=17');
  refused(await keyed.ask(url), 403, 'grant-refused');
  await wait(100);
  const lines = keyed.logs().map(({ message }) => message);
  const line = JSON.parse(lines.findLast((text) => text.includes('width=17')));
  assert.deepEqual([line.event, line.status, line.reason, line.kid, line.method], ['refused', 403, 'the signature is not valid', 'first', 'GET']);
  assert.doesNotMatch(lines.join('\n'), /sig=|token=|eyJ/);
});

describe('a deployment does not start with', () => {
  const wellKnown = { kty: 'oct', kid: 'example', k: 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg' };
  const short = { kty: 'oct', kid: 'short', k: Buffer.from('sixteen bytes...').toString('base64url') };
  for (const [what, settings, reason] of [
    ['an access that is none', { ACCESS: 'Public' }, "ACCESS cannot be 'Public'"],
    ['a policy with a member that is none', { POLICIES: [{ path: 'a', acess: 'public' }] }, "POLICIES[0] (path 'a'): unknown field `acess`"],
    ['a policy that takes tokens of nobody', { POLICIES: [{ path: 'a', access: 'token' }] }, "POLICIES[0] (path 'a'): it takes tokens"],
    ['a short key', { URL_KEYS: keySet(short) }, "URL_KEYS: key 'short': it has 128 bits"],
    ['a well-known key', { URL_KEYS: keySet(key, wellKnown) }, "URL_KEYS: key 'example': it is the key of a published example"],
    ['a private key for tokens', { ...ISSUERS, TOKEN_KEYS: keySet(issuer.privateJwk) }, "TOKEN_KEYS: key 'issuer': it is a private key"],
  ]) {
    test(`${what}, and says so`, async () => {
      const started = startWorker({ ...AS_DEPLOYED, ...settings });
      // One that starts against all rules must not keep the tests from ending.
      started.then((worker) => worker.close(), () => {});
      await assert.rejects(started, ({ message }) => {
        assert.ok(message.includes('failed to start') && message.includes(`Lenslet cannot start. ${reason}`), message);
        for (const secret of [short.k, wellKnown.k, issuer.privateJwk.d]) assert.ok(!message.includes(secret));
        return true;
      });
    });
  }
});
