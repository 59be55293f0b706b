// Every signer of ours makes the bytes of tests/vectors: www/sign.js, and the examples in other languages.

import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../scripts/lib/paths.mjs';
import { ask } from '../scripts/lib/run.mjs';
import { anyOf, signToken, signUrl, transformPath } from '../www/sign.js';
import { note } from './e2e/notes.mjs';

const vectors = (name) => JSON.parse(readFileSync(join(root, 'tests', 'vectors', name), 'utf8'));
const urls = vectors('signed-urls.json');
const tokens = vectors('tokens.json');
const keys = { keys: urls.keys };
const secret = () => randomBytes(32).toString('base64url');

/** Whether the edge would take a URL, written once more from what is said of it. */
function isValid(url, now) {
  const [, path, query] = /^([^?]*)\?(.*)$/.exec(url);
  const parts = /^(?:(?:.*&)?any=(?<any>[\w.-]+)&)?(?:(?:.*&)?exp=(?<exp>0|[1-9]\d*)&)?(?:.*&)?kid=(?<kid>[\w-]+)&sig=(?<sig>[\w-]+)$/.exec(query)?.groups;
  const key = urls.keys.find(({ kid }) => kid === parts?.kid);
  if (!key) return false;
  let signed = path;
  if (parts.any) {
    const [name, ...values] = parts.any.split('.');
    const [, prefix, options, source] = /^(\/(?:cdn-cgi\/)?image\/)([^/]*)(\/.*)$/.exec(path);
    const named = options.split(',').filter((pair) => pair.startsWith(`${name}=`));
    if (named.length !== 1 || !values.includes(named[0].slice(name.length + 1))) return false;
    signed = prefix + options.split(',').map((pair) => (pair === named[0] ? `${name}=*` : pair)).join(',') + source;
  }
  const message = `lenslet-url-1\n${signed}?${query.slice(0, query.lastIndexOf('&sig='))}`;
  const expected = createHmac('sha256', Buffer.from(key.k, 'base64url')).update(message).digest('base64url');
  const isSame = expected.length === parts.sig.length && timingSafeEqual(Buffer.from(expected), Buffer.from(parts.sig));
  return isSame && (parts.exp === undefined || Number(parts.exp) > now);
}

describe('www/sign.js signs URLs', () => {
  for (const { name, url, expires, any, signed } of urls.signed) {
    test(`to the byte: ${name}`, async () => {
      assert.equal(await signUrl(url, { keys, expires, any }), signed);
      assert.equal(await signUrl(`https://pictures.example:8443${url}`, { keys: JSON.stringify(keys), expires, any }), `https://pictures.example:8443${signed}`);
    });
  }

  for (const { name, url, any } of urls.not_signed) {
    test(`but not: ${name}`, () => assert.rejects(signUrl(url, { keys, any }), Error));
  }

  test('with dates and numbers as people have them', async () => {
    const expected = await signUrl('/a.jpg', { keys, expires: 1900000000 });
    assert.equal(await signUrl('/a.jpg', { keys, expires: new Date(1900000000999) }), expected);
    for (const expires of [1900000000000, 1.5, -1, NaN, '1900000000', new Date(NaN)]) {
      await assert.rejects(signUrl('/a.jpg', { keys, expires }), /no time in whole seconds/, String(expires));
    }
  });

  test('and nothing that is none', async () => {
    for (const url of ['a.jpg', '', '//host/a.jpg', 'https://pictures.example', 'ftp://host/a.jpg', '?v=2']) {
      await assert.rejects(signUrl(url, { keys }), /no URL that can be signed/, url);
    }
  });
});

describe('a template', () => {
  const any = { width: [320, 640] };
  /** What a browser asks for. */
  const requested = (url) => new URL(url).pathname + new URL(url).search;

  test('takes the values of its set, and no other', async () => {
    const template = await signUrl('https://pictures.example/image/width=*,format=auto/a.jpg?width=*', { keys, any });
    assert.ok(!isValid(requested(template), 0));
    for (const width of [320, '640']) {
      const url = requested(anyOf(template, width));
      assert.ok(url.startsWith(`/image/width=${width},`) && isValid(url, 0), url);
    }
    for (const value of [800, '*', '', 'width']) assert.throws(() => anyOf(template, value), /width may be 320, 640 here/);
  });

  test('is told from other URLs', async () => {
    for (const url of ['/a.jpg', await signUrl('/image/width=320/a.jpg', { keys }), '/image/width=320/a.jpg?any=width.320']) {
      assert.throws(() => anyOf(url, 320), /no template/);
    }
  });
});

describe('the vectors of signed URLs', () => {
  for (const { name, url, now } of urls.valid) test(`are valid: ${name}`, () => assert.ok(isValid(url, now)));
  for (const { name, url, now } of urls.refused) test(`are refused: ${name}`, () => assert.ok(!isValid(url, now)));
});

describe('www/sign.js signs tokens', () => {
  for (const { name, algorithm, claims, token } of tokens.signed) {
    const set = { keys: tokens.keys[algorithm] };
    if (algorithm !== 'ES256') {
      test(`to the byte: ${name}`, async () => assert.equal(await signToken(claims, { keys: set }), token));
      continue;
    }
    test(`that verify: ${name}`, async () => {
      const key = createPublicKey({ key: set.keys[0], format: 'jwk' });
      for (const one of [token, await signToken(claims, { keys: set })]) {
        const at = one.lastIndexOf('.');
        const signature = Buffer.from(one.slice(at + 1), 'base64url');
        assert.ok(verify('sha256', Buffer.from(one.slice(0, at)), { key, dsaEncoding: 'ieee-p1363' }, signature));
        const [header, payload] = one.split('.').map((part) => Buffer.from(part, 'base64url').toString());
        assert.deepEqual([JSON.parse(header), JSON.parse(payload)], [{ alg: 'ES256', kid: 'es-1', typ: 'JWT' }, claims]);
      }
    });
  }

  test('with claims that are some', async () => {
    const set = { keys: tokens.keys.EdDSA };
    for (const claims of [null, 'text', [1]]) await assert.rejects(signToken(claims, { keys: set }), /Claims are an object/);
    for (const exp of ['1900000000', 1900000000000]) await assert.rejects(signToken({ exp }, { keys: set }), /no time in whole seconds/);
  });
});

describe('www/sign.js refuses keys', () => {
  const good = () => ({ kty: 'oct', kid: 'a', k: secret() });
  const [pair] = tokens.keys.EdDSA;
  for (const [claim, set, reason] of [
    ['nothing', undefined, /no JWK Set/],
    ['what is no JSON', '{"keys":[', /no JWK Set/],
    ['a list', [good()], /no JWK Set/],
    ['a set of no list', { keys: {} }, /no JWK Set/],
    ['an empty set', { keys: [] }, /no key/],
    ['a set of texts', { keys: ['secret'] }, /it is no JWK/],
    ['fewer than 256 bits', { keys: [{ ...good(), k: randomBytes(31).toString('base64url') }] }, /248 bits/],
    ['a secret that is none', { keys: [{ ...good(), k: 'not base64url!' }] }, /no complete JWK/],
    ['no secret', { keys: [{ kty: 'oct', kid: 'a' }] }, /no complete JWK/],
    ['no name', { keys: [{ ...good(), kid: undefined }] }, /needs a 'kid'/],
    ['another algorithm', { keys: [{ ...good(), alg: 'HS512' }] }, /none of HS256/],
    ['another type', { keys: [{ kty: 'RSA', kid: 'a', n: 'AQAB', e: 'AQAB' }] }, /none of HS256/],
    ['another purpose', { keys: [{ ...good(), use: 'enc' }] }, /something else/],
    ['other operations', { keys: [{ ...good(), key_ops: ['encrypt'] }] }, /something else/],
    ['a public key', { keys: [{ ...pair, d: undefined }] }, /public key/],
    ['half a private key', { keys: [{ ...pair, d: 'AAAA' }] }, /no complete JWK/],
  ]) {
    test(`of ${claim}`, async () => {
      await assert.rejects(signUrl('/a.jpg', { keys: set }), reason);
      await assert.rejects(signToken({ exp: 1 }, { keys: set }), reason);
    });
  }

  test('for tokens where URLs are signed, and names that are no part of a URL', async () => {
    await assert.rejects(signUrl('/a.jpg', { keys: { keys: [pair] } }), /first key is for EdDSA/);
    await assert.rejects(signUrl('/a.jpg', { keys: { ...good(), kid: 'a&exp=9' } }), /must be 1 to 64/);
  });

  test('without saying what they are', async () => {
    const k = `${secret()}!`;
    for (const set of [{ keys: [{ ...good(), k }] }, `{"k":"${k}"`]) {
      await assert.rejects(signUrl('/a.jpg', { keys: set }), (error) => !`${error.stack}${error.cause ?? ''}`.includes(k));
    }
  });
});

describe('transformPath', () => {
  for (const [options, key, path] of [
    [{ width: 800, format: 'auto' }, 'a b.jpg', '/image/width=800,format=auto/a%20b.jpg'],
    [{ width: '*', height: undefined, anim: false }, 'albums/2026/a.jpg', '/image/width=*,anim=false/albums/2026/a.jpg'],
    [{ mark: 'marks/a,b.png', 'mark.width': 0.25 }, 'a.jpg', '/image/mark=marks%2Fa%2Cb.png,mark.width=0.25/a.jpg'],
    [{ trim: '1;2;3;4', text: "it's (50%)*" }, 'a.jpg', '/image/trim=1;2;3;4,text=it%27s%20%2850%25%29%2A/a.jpg'],
    [{ width: 1 }, 'Zürich/#1?.jpg', '/image/width=1/Z%C3%BCrich/%231%3F.jpg'],
    [{ width: 1 }, 'https://o.example/a b.jpg?v=2', '/image/width=1/https%3A//o.example/a%20b.jpg%3Fv%3D2'],
  ]) {
    test(`writes ${path}`, async () => {
      assert.equal(transformPath(options, key), path);
      assert.ok((await signUrl(path, { keys })).startsWith(`${path}?`), 'and signing changes nothing in it');
    });
  }

  test('wants an option and a key', () => {
    assert.throws(() => transformPath({ width: undefined }, 'a.jpg'), /at least one option/);
    assert.throws(() => transformPath({ width: 1 }, ''), /its key is empty/);
  });
});

describe('the examples sign to the byte', () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lenslet-sign-'));
    writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function agrees(command, ...before) {
    for (const { name, url, expires, any, signed } of urls.signed) {
      const [[option, values]] = Object.entries(any ?? { '': [] });
      const options = [...(expires ? ['--expires', String(expires)] : []), ...(any ? ['--any', `${option}=${values}`] : [])];
      const { ok, text } = await ask(command, [...before, ...options, join(folder, 'keys.json'), url]);
      assert.deepEqual([ok, text.trimEnd()], [true, signed], name);
    }
  }

  test('in Python', async (t) => {
    if (!(await ask('python3', ['--version'])).ok) return notRun(t, 'examples/sign/sign.py', 'python3');
    await agrees('python3', join(root, 'examples/sign/sign.py'));
  });

  test('in Go', async (t) => {
    if (!(await ask('go', ['version'])).ok) return notRun(t, 'examples/sign/sign.go', 'go');
    const program = join(folder, 'sign');
    const built = await ask('go', ['build', '-o', program, join(root, 'examples/sign/sign.go')]);
    assert.ok(built.ok, built.text);
    await agrees(program);
  });

  function notRun(t, example, program) {
    note(`not run: ${example}, because there is no ${program}`);
    t.skip(`there is no ${program}`);
  }
});
