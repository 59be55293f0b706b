// What the edge answers: pictures, their headers, conditions, ranges, and what goes wrong.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorker } from './e2e/harness.mjs';
import { brightness, header, pixels, plainPng } from './e2e/picture.mjs';
import { sample } from './e2e/samples.mjs';

const PHOTO = 'samples/photo.jpg';
const WEBP = { accept: 'image/webp' };
const MARKED = 'width=800,mark=samples%2Fmark.png,mark.width=0.2,mark.opacity=0.6,mark.bottom=16,mark.right=16';

let worker;
/** The same with all settings at what wrangler.toml says, but for what a test needs to see. */
let strict;

before(async () => {
  worker = await startWorker({ FRESH_SECONDS: '3600' });
  strict = await startWorker({ ORIGINALS: undefined, FRESH_SECONDS: '0', PRESETS: { thumb: 'width=200,height=200,fit=cover' } });
  await Promise.all([worker.seed(), strict.seed()]);
});

after(() => Promise.all([worker?.close(), strict?.close()]));

const ask = (path, options) => worker.ask(path, options);
const sizeOf = ({ body }) => {
  const { format, width, height } = header(body) ?? {};
  return `${format} ${width}x${height}`;
};

/** Asks until the answer comes from the cache: it is put there after the first answer has gone out. */
async function fromCache(path, options) {
  for (let tries = 0; tries < 40; tries++) {
    const answer = await ask(path, options);
    if (/; hit$/.test(answer.headers['cache-status'] ?? '')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${path} is never answered from the cache`);
}

/** A path that nobody asked for before. */
let serial = 0;
const fresh = () => `/image/width=${300 + serial++},format=png/${PHOTO}`;

describe('a transform', () => {
  test('is an 800 pixel WebP for a client that accepts it, and the second time the same bytes from the cache', async () => {
    const path = `/image/width=800,format=auto/${PHOTO}`;
    const first = await ask(path, { headers: WEBP });
    assert.equal(first.status, 200);
    assert.equal(sizeOf(first), 'webp 800x600');
    assert.equal(first.headers['content-type'], 'image/webp');
    assert.match(first.headers['cache-status'], /^lenslet; fwd=uri-miss/);

    const second = await fromCache(path, { headers: WEBP });
    assert.equal(second.headers['cache-status'], 'lenslet; hit');
    assert.ok(second.body.equals(first.body), 'the bytes are the same');
    for (const name of ['etag', 'last-modified', 'content-type', 'content-length', 'cache-tag', 'cache-control', 'vary']) {
      assert.equal(second.headers[name], first.headers[name], name);
    }
  });

  test('has every header that a cache, a browser or a person needs', async () => {
    const { headers } = await ask(`/image/width=801,format=auto/${PHOTO}`, { headers: WEBP });
    assert.equal(headers['cache-control'], 'public, max-age=3600');
    assert.match(headers.etag, /^"[0-9a-f]{32}"$/);
    assert.ok(Date.now() - Date.parse(headers['last-modified']) < 600_000, headers['last-modified']);
    assert.equal(headers.vary, 'Accept');
    assert.equal(headers['cache-tag'], 'src-samples/photo.jpg');
    assert.match(headers['server-timing'], /^source;dur=\d/);
    assert.equal(headers['accept-ranges'], 'bytes');
    assert.equal(headers['content-security-policy'], "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin');
  });

  test('tells its length, made anew or from the cache', async () => {
    const path = fresh();
    for (const answer of [await ask(path), await fromCache(path)]) {
      assert.equal(answer.headers['transfer-encoding'], undefined);
      assert.equal(Number(answer.headers['content-length']), answer.body.length);
    }
  });

  test('means the same under both prefixes, whatever the spelling', async () => {
    const { headers } = await ask(`/image/width=320,height=200,fit=cover,format=webp/${PHOTO}`);
    await fromCache(`/image/width=320,height=200,fit=cover,format=webp/${PHOTO}`);
    for (const path of [
      `/cdn-cgi/image/width=320,height=200,fit=cover,format=webp/${PHOTO}`,
      `/image/f=webp,fit=cover,h=200,w=320/${PHOTO}`,
      `/image/w=320,h=200,fit=cover,f=webp,q=85,dpr=1,g=center/%73amples%2Fphoto.jpg`,
      `/image/w=320,h=200,fit=cover,f=webp/http://${new URL(worker.url).host}/${PHOTO}`,
    ]) {
      const same = await ask(path);
      assert.equal(same.headers.etag, headers.etag, path);
      assert.equal(same.headers['cache-status'], 'lenslet; hit', path);
    }
  });

  test('of a replaced source is the new one', async () => {
    const path = '/image/width=40,format=png/replaced.png';
    await strict.put('replaced.png', await sample('alpha.png'));
    const first = await strict.ask(path);
    await strict.put('replaced.png', await sample('mark.png'));
    const second = await strict.ask(path);
    assert.deepEqual([sizeOf(first), sizeOf(second)], ['png 40x27', 'png 40x13']);
    assert.notEqual(first.headers.etag, second.headers.etag);
  });

  test('can be named by a preset, and options beside it win', async () => {
    const asked = (options) => strict.ask(`/image/${options}/${PHOTO}`);
    assert.equal(sizeOf(await asked('preset=thumb')), 'jpeg 200x200');
    assert.equal(sizeOf(await asked('preset=thumb,height=100')), 'jpeg 200x100');
    assert.equal((await asked('preset=other')).status, 400);
  });
});

describe('the format', () => {
  const cases = [
    ['auto is AVIF where it is named', 'photo.jpg', 'auto', 'image/avif,image/webp,*/*;q=0.8', 'avif'],
    ['auto is AVIF with alpha, too', 'alpha.png', 'auto', 'image/avif', 'avif'],
    ['auto is WebP where that is preferred', 'photo.jpg', 'auto', 'image/avif;q=0.5,image/webp,*/*;q=0.8', 'webp'],
    ['auto is WebP where it is named', 'photo.jpg', 'auto', 'image/webp,*/*;q=0.8', 'webp'],
    ['auto is JPEG where WebP is not named', 'photo.jpg', 'auto', 'image/*,*/*;q=0.8', 'jpeg'],
    ['auto is JPEG where WebP is refused', 'photo.jpg', 'auto', 'image/webp;q=0', 'jpeg'],
    ['auto is JPEG where the client says nothing', 'photo.jpg', 'auto', undefined, 'jpeg'],
    ['auto is PNG where there is alpha and no WebP', 'alpha.png', 'auto', 'image/png', 'png'],
    ['auto is JPEG for a WebP without alpha', 'lossy.webp', 'auto', 'image/jpeg', 'jpeg'],
    ['is that of the source where none is said, JPEG', 'photo.jpg', undefined, 'image/webp', 'jpeg'],
    ['is that of the source where none is said, PNG', 'alpha.png', undefined, 'image/webp', 'png'],
    ['is that of the source where none is said, WebP', 'lossy.webp', undefined, undefined, 'webp'],
    ['is that of the source where none is said, GIF', 'animated.gif', undefined, 'image/webp', 'gif'],
    ['can be JPEG', 'alpha.png', 'jpeg', undefined, 'jpeg'],
    ['can be PNG', 'lossy.webp', 'png', undefined, 'png'],
    ['can be GIF', 'lossy.webp', 'gif', undefined, 'gif'],
    ['can be WebP', 'animated.gif', 'webp', undefined, 'webp'],
    ['can be AVIF', 'lossy.webp', 'avif', undefined, 'avif'],
  ];
  for (const [claim, name, format, accept, expected] of cases) {
    test(claim, async () => {
      const options = format ? `width=96,format=${format}` : 'width=96';
      const answer = await ask(`/image/${options}/samples/${name}`, { headers: accept ? { accept } : {} });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], `image/${expected}`);
      assert.deepEqual([header(answer.body).format, header(answer.body).width], [expected, 96]);
      assert.equal(answer.headers.vary, ['auto', 'avif'].includes(format) ? 'Accept' : undefined, 'Vary');
    });
  }

  test('is not AVIF where a side is too long for it', async () => {
    for (const [accept, expected] of [['image/webp', 'webp 1201x901'], ['*/*', 'jpeg 1201x901']]) {
      assert.equal(sizeOf(await ask(`/image/width=1201,format=avif/${PHOTO}`, { headers: { accept } })), expected);
    }
  });

  test('goes on moving where the source does, unless that is not wanted', async () => {
    const path = (options) => `/image/width=96${options}/samples/animated.gif`;
    const { original } = JSON.parse((await ask(path(',format=json'))).body);
    assert.ok(original.frames > 1 && original.duration_ms > 0, JSON.stringify(original));
    assert.equal(original.loop_count, 0);
    const frames = ({ body }) => body.toString('latin1').split(header(body).format === 'gif' ? '!\xf9\x04' : 'ANMF').length - 1;
    for (const [options, accept, expected] of [
      ['', undefined, 'gif'],
      [',format=auto', undefined, 'gif'],
      [',format=auto', 'image/avif,image/webp', 'webp'],
      [',format=webp,quality=100', undefined, 'webp'],
    ]) {
      const answer = await ask(path(options), { headers: accept ? { accept } : {} });
      assert.deepEqual([sizeOf(answer), frames(answer)], [`${expected} 96x72`, original.frames], options);
    }
    for (const format of ['gif', 'webp', 'png', 'jpeg']) {
      assert.ok(frames(await ask(path(`,format=${format},anim=false`))) <= 1, format);
    }
  });

  test('json tells the size that would come out, what the source is, and what it looks like', async () => {
    const answer = await ask('/image/width=400,format=json/samples/rotated.jpg');
    assert.equal(answer.headers['content-type'], 'application/json');
    const { original, colors, thumbhash, perceptual_hash, ...rest } = JSON.parse(answer.body);
    assert.deepEqual(rest, { width: 400, height: 300 });
    assert.deepEqual(original, {
      file_size: (await sample('rotated.jpg')).length,
      width: 1600,
      height: 1200,
      format: 'image/jpeg',
      orientation: 6,
      alpha: false,
    });
    for (const colour of [colors.average, colors.dominant, colors.palette[0].color]) assert.match(colour, /^#[0-9a-f]{6}$/);
    assert.match(perceptual_hash, /^[0-9a-f]{16}$/);
    assert.equal((await ask('/image/format=thumbhash/samples/rotated.jpg')).body.toString(), thumbhash);
  });

  test('a few letters stand for the picture, as a hash or as a picture of their own', async () => {
    const told = async (format) => {
      const answer = await ask(`/image/width=800,format=${format}/${PHOTO}`);
      assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'text/plain'], format);
      return answer.body.toString();
    };
    assert.match(await told('blurhash'), /^[0-9A-Za-z#$%*+,.:;=?@[\]^_{|}~-]{28}$/);
    assert.ok(Buffer.from(await told('thumbhash'), 'base64').length <= 25);
    const [, tiny] = (await told('lqip')).match(/^data:image\/webp;base64,(.+)$/);
    const file = Buffer.from(tiny, 'base64');
    assert.deepEqual([header(file).format, header(file).width, header(file).height], ['webp', 24, 18]);
    assert.ok(file.length < 400, `${file.length} bytes`);
  });
});

describe('the picture', () => {
  test('with a mark differs from the one without where the mark is, and nowhere else', async () => {
    assert.equal(sizeOf(await ask(`/image/${MARKED}/${PHOTO}`)), 'jpeg 800x600');

    const marked = pixels((await ask(`/image/${MARKED},format=png/${PHOTO}`)).body);
    const plain = pixels((await ask(`/image/width=800,format=png/${PHOTO}`)).body);
    // The mark is 600 × 200, so a fifth of the width makes it 160 × 53, 16 from the right and the bottom.
    const inside = (x, y) => x >= 624 && x < 784 && y >= 531 && y < 584;
    const changed = { inside: 0, outside: 0 };
    for (let y = 0; y < 600; y++) {
      for (let x = 0; x < 800; x++) {
        if (String(marked.at(x, y)) !== String(plain.at(x, y))) changed[inside(x, y) ? 'inside' : 'outside']++;
      }
    }
    assert.equal(changed.outside, 0);
    assert.ok(changed.inside > 500, `${changed.inside} pixels of the mark are seen`);
  });

  test('with EXIF orientation 6 stands upright', async () => {
    const rotated = await ask('/image/width=320,format=png/samples/rotated.jpg');
    const photo = await ask(`/image/width=320,format=png/${PHOTO}`);
    assert.deepEqual([sizeOf(rotated), sizeOf(photo)], ['png 320x240', 'png 320x240']);
    const [one, other] = [pixels(rotated.body), pixels(photo.body)];
    for (const [name, part] of Object.entries({
      top: [0, 0, 1, 0.25],
      bottom: [0, 0.75, 1, 1],
      left: [0, 0, 0.25, 1],
      right: [0.75, 0, 1, 1],
    })) {
      const difference = Math.abs(brightness(one, part) - brightness(other, part));
      assert.ok(difference < 3, `its ${name} is as bright as that of the same picture stored upright, but for ${difference}`);
    }
    assert.ok(brightness(one, [0, 0.75, 1, 1]) < brightness(one, [0, 0, 1, 0.25]), 'the shore is below the sky');
  });

  test('with alpha keeps it where the format can, and lies on the background where it cannot', async () => {
    const corner = async (options) => pixels((await ask(`/image/width=120,${options}/samples/alpha.png`)).body).at(0, 0);
    assert.equal((await corner('format=png'))[3], 0);
    assert.deepEqual(await corner('background=%23ff8800,format=png'), [255, 136, 0, 255]);
  });

  test('is as large as every fit says', async () => {
    for (const [options, expected] of [
      ['width=300,height=300', '300x225'],
      ['width=300,height=300,fit=contain', '300x225'],
      ['width=300,height=300,fit=cover', '300x300'],
      ['width=300,height=300,fit=crop', '300x300'],
      ['width=300,height=300,fit=pad', '300x300'],
      ['width=300,height=300,fit=squeeze', '300x300'],
      ['width=5000,height=5000,trim.width=300,trim.height=200', '300x200'],
      ['width=600,height=600,trim.width=300,trim.height=200,fit=scale-up', '600x400'],
      ['width=600,height=600,trim.width=300,trim.height=200,fit=aspect-crop', '200x200'],
      ['width=150,dpr=2', '300x225'],
      ['height=120,rotate=90', '90x120'],
    ]) {
      const answer = await ask(`/image/${options},format=webp/${PHOTO}`);
      assert.equal(sizeOf(answer), `webp ${expected}`, options);
    }
  });
});

describe('a client that has it already', () => {
  test('is told so, by tag or by date, without a body', async () => {
    const path = fresh();
    const { headers } = await ask(path);
    for (const condition of [
      { 'if-none-match': headers.etag },
      { 'if-none-match': `"other", W/${headers.etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': headers['last-modified'] },
    ]) {
      const answer = await ask(path, { headers: condition });
      assert.equal(answer.status, 304, JSON.stringify(condition));
      assert.equal(answer.body.length, 0);
      assert.equal(answer.headers.etag, headers.etag);
      assert.equal(answer.headers['cache-control'], headers['cache-control']);
    }
  });

  test('gets the picture where it has another', async () => {
    const path = fresh();
    for (const condition of [{ 'if-none-match': '"other"' }, { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }]) {
      assert.equal((await ask(path, { headers: condition })).status, 200);
    }
  });

  test('is told so of a source, too', async () => {
    const { headers } = await ask(`/${PHOTO}`);
    assert.equal((await ask(`/${PHOTO}`, { headers: { 'if-none-match': headers.etag } })).status, 304);
  });
});

describe('a range', () => {
  for (const [where, prepare] of [['of a picture made anew', () => {}], ['of a picture in the cache', fromCache]]) {
    test(`${where} is cut out of it`, async () => {
      const { body } = await ask(`/image/width=222,format=png/${PHOTO}`);
      for (const [range, start, end] of [
        ['bytes=0-9', 0, 10],
        ['bytes=100-', 100, body.length],
        ['bytes=-5', body.length - 5, body.length],
        [`bytes=8-${body.length + 1000}`, 8, body.length],
      ]) {
        // The same bytes under a name that was not asked for: a query chooses nothing.
        const path = `/image/width=222,format=png,onerror=redirect/${PHOTO}?${serial++}`;
        await prepare(path);
        const part = await ask(path, { headers: { range } });
        assert.equal(part.status, 206, range);
        assert.equal(part.headers['content-range'], `bytes ${start}-${end - 1}/${body.length}`);
        assert.equal(Number(part.headers['content-length']), end - start);
        assert.ok(part.body.equals(body.subarray(start, end)), range);
      }
    });

    test(`${where} that begins beyond its end is refused with its length`, async () => {
      const path = fresh();
      await prepare(path);
      const answer = await ask(path, { headers: { range: 'bytes=99999999-' } });
      assert.equal(answer.status, 416);
      assert.equal(JSON.parse(answer.body).type, 'urn:lenslet:problem:range');
      const { body } = await ask(path);
      assert.equal(answer.headers['content-range'], `bytes */${body.length}`);
    });
  }

  test('leaves the whole picture in the cache', async () => {
    const path = fresh();
    assert.equal((await ask(path, { headers: { range: 'bytes=0-0' } })).status, 206);
    const { body } = await fromCache(path);
    assert.equal(header(body).format, 'png');
  });

  test('of another version, of several parts or of another unit is the whole', async () => {
    const path = fresh();
    for (const headers of [
      { range: 'bytes=0-9', 'if-range': '"other"' },
      { range: 'bytes=0-1,3-4' },
      { range: 'lines=0-9' },
    ]) {
      assert.equal((await ask(path, { headers })).status, 200, JSON.stringify(headers));
    }
  });
});

describe('the method', () => {
  test('HEAD answers the headers of GET and no body, made anew or from the cache', async () => {
    const path = fresh();
    const made = await ask(path, { method: 'HEAD' });
    const get = await fromCache(path);
    const kept = await ask(path, { method: 'HEAD' });
    for (const head of [made, kept]) {
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      for (const name of ['content-type', 'content-length', 'etag', 'last-modified']) {
        assert.equal(head.headers[name], get.headers[name], name);
      }
    }
    assert.equal((await ask('/image/width=0/x', { method: 'HEAD' })).status, 400);
  });

  test('OPTIONS tells other sites what they may do', async () => {
    const { status, headers, body } = await ask(`/image/width=9/${PHOTO}`, { method: 'OPTIONS', headers: { origin: 'https://a.example' } });
    assert.deepEqual([status, body.length], [204, 0]);
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(headers['access-control-allow-methods'], 'GET, HEAD, OPTIONS');
    assert.match(headers['access-control-allow-headers'], /Range/);
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    test(`${method} is refused with those that are not`, async () => {
      const answer = await ask(`/image/width=9/${PHOTO}`, { method });
      refused(answer, 405, 'method-not-allowed');
      assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS');
    });
  }
});

/** That an answer is a problem document of this kind, about this option, and is not stored. */
function refused(answer, status, type, option) {
  const said = /json/.test(answer.headers['content-type']) ? answer.body.toString() : `${answer.headers['content-type']}`;
  assert.equal(answer.status, status, said);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['cache-status'], undefined);
  const document = JSON.parse(said);
  assert.equal(document.type, `urn:lenslet:problem:${type}`);
  assert.equal(document.status, status);
  assert.equal(document.option, option);
  assert.ok(document.title && document.detail, said);
  return document;
}

describe('what cannot be done is refused', () => {
  const png = (width, height) => {
    // Interlaced, so that all of it would have to be held.
    const file = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR........\x08\x02\0\0\x01....\0\0\0\0IDAT....', 'latin1');
    file.writeUInt32BE(width, 16);
    file.writeUInt32BE(height, 20);
    return file;
  };
  const files = {
    'text.jpg': Buffer.from('These bytes are not a picture, whatever their name says.'),
    'empty.png': Buffer.alloc(0),
    'page.jpg': Buffer.from('<!doctype html><script>alert(1)</script>'),
    'cut.png': png(10, 10).subarray(0, 20),
    'huge.png': png(60_000, 60_000),
    'tall.png': plainPng(1, 13_000),
    // A format that must be in memory whole.
    'long.webp': Buffer.concat([Buffer.from('RIFF\0\0\0\x02WEBPVP8L\x05\0\0\0\x2f\0\0\0\0\0', 'latin1'), Buffer.alloc(32 << 20)]),
    'film.avif': Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf', 'latin1'),
  };
  before(async () => {
    for (const [name, bytes] of Object.entries(files)) {
      await worker.put(`bad/${name}`, bytes);
      if (name !== 'long.jpg') await strict.put(`bad/${name}`, bytes);
    }
  });

  const cases = [
    ['an unknown option', '/image/colour=red/samples/photo.jpg', 400, 'recipe', 'colour'],
    ['no option', '/image//samples/photo.jpg', 400, 'recipe'],
    ['no source', '/image/width=10/', 400, 'recipe'],
    ['a width of nothing', '/image/width=0/samples/photo.jpg', 400, 'recipe', 'width'],
    ['a width beyond the range', '/image/width=12001/samples/photo.jpg', 400, 'recipe', 'width'],
    ['an option given twice by two names', '/image/w=10,width=20/samples/photo.jpg', 400, 'recipe', 'width'],
    ['a quality that is none', '/image/quality=mid/samples/photo.jpg', 400, 'recipe', 'quality'],
    ['a fit that is none', '/image/width=9,fit=none/samples/photo.jpg', 400, 'recipe', 'fit'],
    ['a source that climbs', '/image/width=9/samples/..%2F..%2Fphoto.jpg', 400, 'recipe'],
    ['an output that costs too much', '/image/width=12000,height=12000,fit=squeeze/samples/photo.jpg', 400, 'output-too-large'],
    ['a side beyond the limit that only follows from the shape', '/image/width=64/bad/tall.png', 400, 'output-too-large'],
    ['a trim that leaves nothing', '/image/trim.top=3000/samples/photo.jpg', 400, 'nothing-left'],
    ['another host', '/image/width=9/https://other.example/photo.jpg', 403, 'source-not-allowed'],
    ['a source that is not there', '/image/width=9/samples/nothing.jpg', 404, 'not-found'],
    ['a mark that is not there', '/image/width=9,mark=nothing.png/samples/photo.jpg', 424, 'lacks'],
    ['a path that is no picture', '/nothing-here', 404, 'not-found'],
    ['a file that is too long', '/image/width=9/bad/long.webp', 413, 'file-too-large'],
    ['a text', '/image/width=9/bad/text.jpg', 415, 'not-a-picture'],
    ['an empty file', '/image/width=9/bad/empty.png', 415, 'not-a-picture'],
    ['a page under the name of a picture', '/bad/page.jpg', 415, 'not-a-picture'],
    ['an AVIF', '/image/width=9/bad/film.avif', 415, 'unsupported'],
    ['a header cut off', '/image/width=9/bad/cut.png', 422, 'broken'],
    ['a picture too large to decode', '/image/width=9/bad/huge.png', 422, 'source-too-large'],
    ['a mark that is a text', '/image/width=9,mark=bad%2Ftext.jpg/samples/photo.jpg', 415, 'not-a-picture'],
    ['a mark where salient parts are, which is not built', '/image/width=9,mark=samples%2Fmark.png,mark.gravity=auto/samples/photo.jpg', 501, 'not-built', 'mark.gravity'],
    ['a face, which is not found', '/image/width=9,height=9,fit=cover,gravity=face/samples/photo.jpg', 501, 'not-built', 'gravity'],
    ['what needs a model', '/image/width=9,segment=foreground/samples/photo.jpg', 501, 'not-built', 'segment'],
  ];
  for (const [claim, path, status, type, option] of cases) {
    test(`${claim}, with ${status}, also when asked again`, async () => {
      refused(await ask(path), status, type, option);
      refused(await ask(path), status, type, option);
    });
  }

  test('with the range it should have been in', async () => {
    assert.match(refused(await ask(`/image/width=12001/${PHOTO}`), 400, 'recipe', 'width').detail, /12001.*12000/);
  });

  test('with the numbers where it costs too much', async () => {
    assert.match(refused(await ask('/image/width=9/bad/huge.png'), 422, 'source-too-large').detail, /60000×60000.*120000000 pixels/);
  });

  test('where the deployment is private, whatever is asked', async () => {
    const closed = await startWorker({ ACCESS: undefined, ORIGINALS: undefined });
    try {
      await closed.seed();
      refused(await closed.ask(`/image/width=9/${PHOTO}`), 403, 'private');
      refused(await closed.ask('/image/nonsense/nothing'), 403, 'private');
      refused(await closed.ask(`/${PHOTO}`), 404, 'no-such-path');
      assert.equal((await closed.ask('/')).status, 200);
    } finally {
      await closed.close();
    }
  });

  test('but leads to the source where onerror asks for it and sources are shown', async () => {
    const path = '/image/width=9,onerror=redirect/bad/cut.png';
    const shown = await ask(path);
    assert.deepEqual([shown.status, shown.headers.location, shown.headers['cache-control']], [302, '/bad/cut.png', 'no-store']);
    refused(await strict.ask(path), 422, 'broken');
    refused(await ask('/image/width=0,onerror=redirect/samples/photo.jpg'), 400, 'recipe', 'width');
    assert.equal((await ask(`/image/width=30,onerror=redirect/${PHOTO}`)).status, 200);
  });
});

describe('the source itself', () => {
  test('is shown where the deployment shows sources', async () => {
    const { status, headers, body } = await ask(`/${PHOTO}`);
    assert.equal(status, 200);
    assert.ok(body.equals(await sample('photo.jpg')));
    assert.equal(headers['content-type'], 'image/jpeg');
  });

  test('is not shown where it does not', async () => {
    refused(await strict.ask(`/${PHOTO}`), 404, 'no-such-path');
  });
});

test('nothing that is answered may run or be sniffed', async () => {
  const path = fresh();
  const { headers } = await ask(path);
  const answers = [
    await fromCache(path),
    await ask(path, { headers: { range: 'bytes=0-1' } }),
    await ask(path, { headers: { 'if-none-match': headers.etag } }),
    await ask(path, { headers: { range: 'bytes=99999999-' } }),
    await ask(path, { method: 'HEAD' }),
    await ask(path, { method: 'OPTIONS' }),
    await ask(path, { method: 'POST' }),
    await ask(`/${PHOTO}`),
    await ask(`/image/format=json/${PHOTO}`),
    await ask('/image/width=0/x'),
    await ask('/image/width=1/nothing'),
    await ask('/image/width=9,onerror=redirect/bad/cut.png'),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 206, 304, 416, 200, 204, 405, 200, 200, 400, 404, 302]);
  for (const { status, headers } of answers) {
    assert.equal(headers['content-security-policy'], "default-src 'none'; style-src 'unsafe-inline'; sandbox", status);
    assert.equal(headers['x-content-type-options'], 'nosniff', status);
    assert.equal(headers['access-control-allow-origin'], '*', status);
  }
});

test('the page is served beside the pictures', async () => {
  const page = await ask('/');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  assert.match(page.headers['content-security-policy'], /default-src 'self'/);
  assert.match(page.body.toString(), /<h1>Lenslet<\/h1>/);
  assert.match((await ask('/page.js')).headers['content-type'], /javascript/);
});
