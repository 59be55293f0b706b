// Pictures that somebody broke, and pictures that are large, through HTTP.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { LARGEST_MEMORY, mib, startWorker } from './e2e/harness.mjs';
import { beside } from './e2e/notes.mjs';
import { brightness, header, pixels } from './e2e/picture.mjs';

/** What a file that cannot be shown is told; 400 only where its shape makes too large an output. */
const REFUSALS = [413, 415, 422];
const PATIENCE_MS = 10_000;
/** Requests under way at a time. */
const LANES = 12;

let worker;
before(async () => {
  // Versions are not remembered, because nothing but refusals is asked for twice.
  worker = await startWorker({ FRESH_SECONDS: '0' });
  await worker.seed();
});
after(() => worker?.close());

// The harness notes the memory that every answer reports.
afterEach(() => {
  const { most, fell } = worker.memory;
  assert.ok(most <= LARGEST_MEMORY, `the linear memory grew to ${mib(most)}`);
  assert.equal(fell, false, 'the instance was not replaced');
});

/** Runs `each` over `items`, some at a time. */
async function inLanes(items, each) {
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) await each(item, index);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

/** Puts a file into the bucket, asks for it at 64 pixels, and holds the answer against what bad input may get. */
async function askFor(key, bytes, format) {
  await worker.put(key, bytes);
  const answer = await worker.ask(`/image/width=64,format=${format}/${encodeURIComponent(key)}`, { patience: PATIENCE_MS });
  if (answer.status === 200) {
    const made = header(answer.body);
    assert.equal(made?.format, format, `${key} gives the format that was asked for`);
    assert.ok(made.width >= 1 && made.width <= 64, `${key} is ${made.width} wide`);
    return answer;
  }
  const said = answer.body.toString();
  const isRefusal = REFUSALS.includes(answer.status) || (answer.status === 400 && said.includes('problem:output-too-large'));
  assert.ok(isRefusal, `${key}: ${answer.status} ${said.slice(0, 300)}`);
  assert.equal(answer.headers['content-type'], 'application/problem+json', key);
  assert.equal(answer.headers['cache-control'], 'no-store', key);
  assert.equal(answer.headers['cache-status'], undefined, key);
  assert.equal(JSON.parse(said).status, answer.status, key);
  return answer;
}

/** Asks for every file, and says how it went; what went wrong is collected, so that one failure hides no other. */
async function askForAll(t, folder, files) {
  const failures = [];
  const statuses = new Map();
  let slowest = { ms: 0 };
  await inLanes(files, async (path, index) => {
    const name = path.slice(folder.length + 1);
    try {
      const { status, ms } = await askFor(`hostile/${basename(folder)}/${name}`, readFileSync(path), index % 2 ? 'png' : 'webp');
      statuses.set(name, status);
      if (ms > slowest.ms) slowest = { ms, name };
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  });
  const counts = {};
  for (const status of statuses.values()) counts[status] = (counts[status] ?? 0) + 1;
  t.diagnostic(`${JSON.stringify(counts)}; slowest ${slowest.ms.toFixed(0)} ms, ${slowest.name}; linear memory ${mib(worker.memory.most)}`);
  assert.equal(failures.length, 0, `${failures.length} of ${files.length}:\n${failures.slice(0, 10).join('\n')}`);
  return statuses;
}

describe('of other projects’ test files', () => {
  for (const name of ['image-rs', 'image-png', 'image-gif', 'image-webp', 'zune-jpeg-edge', 'mozjpeg', 'pygif']) {
    test(`${name}: each is shown or refused with a reason, and soon`, async (t) => {
      const folder = beside(`shared/corpus/${name}`);
      if (!folder) return t.skip(`there is no ${name}`);
      await askForAll(t, folder, filesIn(folder));
    });
  }

  test('pngsuite: 162 are shown, and the 14 that are broken on purpose are refused each time', async (t) => {
    const folder = beside('shared/corpus/pngsuite');
    if (!folder) return t.skip('there is no pngsuite');
    const files = filesIn(folder).filter((path) => extname(path) === '.png');
    const statuses = await askForAll(t, folder, files);
    const broken = (name) => basename(name).startsWith('x');
    const shown = [...statuses].filter(([name]) => !broken(name));
    assert.deepEqual(shown.filter(([, status]) => status !== 200), []);
    const refused = [...statuses].filter(([name]) => broken(name));
    assert.deepEqual(refused.filter(([, status]) => status === 200), []);
    assert.deepEqual([shown.length, refused.length], [162, 14]);
    for (const [name, status] of refused) {
      const again = await worker.ask(`/image/width=64,format=png/${encodeURIComponent(`hostile/pngsuite/${name}`)}`);
      assert.ok(REFUSALS.includes(again.status), `${name} was ${status} and is ${again.status}`);
    }
  });

  test('exif-orientation: all eight ways of storing a picture give the same upright one', async (t) => {
    const folder = beside('shared/corpus/exif-orientation');
    if (!folder) return t.skip('there is no exif-orientation');
    for (const [shape, width, height] of [['Landscape', 120, 80], ['Portrait', 80, 120]]) {
      const upright = [];
      for (let orientation = 0; orientation <= 8; orientation++) {
        const name = `${shape}_${orientation}.jpg`;
        await worker.put(`turned/${name}`, readFileSync(join(folder, name)));
        const { status, body } = await worker.ask(`/image/width=${width},format=png/turned/${name}`);
        assert.equal(status, 200, name);
        const picture = pixels(body);
        assert.equal(picture.width, width, name);
        assert.ok(Math.abs(picture.height - height) <= 1, `${name} is ${picture.width}x${picture.height}`);
        upright.push(picture);
      }
      // Brightness of nine fields tells all eight apart; the number drawn on each costs a little.
      const fields = (picture) =>
        [0, 1, 2].flatMap((y) => [0, 1, 2].map((x) => brightness(picture, [x / 3, y / 3, (x + 1) / 3, (y + 1) / 3])));
      const expected = fields(upright[1]);
      upright.forEach((picture, orientation) => {
        const most = Math.max(...fields(picture).map((value, index) => Math.abs(value - expected[index])));
        assert.ok(most < 8, `${shape}_${orientation} differs from the upright one by ${most.toFixed(1)}`);
      });
    }
  });
});

describe('of files made to cost', () => {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const png = (width, height, depth, extra = [], data = Buffer.alloc(0)) => {
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head[8] = depth;
    const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
    return Buffer.concat([magic, chunk('IHDR', head), ...extra, chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
  };
  /** A grey picture of nothing but black. */
  const black = (width, height, depth, extra) =>
    png(width, height, depth, extra, deflateSync(Buffer.alloc((Math.ceil((width * depth) / 8) + 1) * height), { level: 1 }));
  /** A chunk of 256 MiB that fits into 256 KB. */
  const bomb = (type, prefix) => chunk(type, Buffer.concat([Buffer.from(prefix, 'latin1'), deflateSync(Buffer.alloc(256 << 20))]));

  test('profiles and texts that inflate a thousandfold are not inflated', async () => {
    for (const [type, prefix] of [['iCCP', 'name\0\0'], ['zTXt', 'name\0\0'], ['iTXt', 'name\0\x01\0\0\0']]) {
      const { status, ms } = await askFor(`cost/${type}.png`, black(64, 64, 8, [bomb(type, prefix)]), 'png');
      assert.equal(status, 200, type);
      assert.ok(ms < 2000, `${type} took ${ms.toFixed(0)} ms`);
    }
  });

  test('metadata of 20 MB in front of a small JPEG costs no time', async () => {
    const small = (await worker.ask('/image/width=80,format=jpeg/samples/photo.jpg')).body;
    for (const marker of [0xe1, 0xe2, 0xfe]) {
      const segment = Buffer.alloc(0xffff);
      segment.set([0xff, marker, 0xff, 0xfd]);
      const file = Buffer.concat([small.subarray(0, 2), ...Array(300).fill(segment), small.subarray(2)]);
      const { status, ms } = await askFor(`cost/app-${marker}.jpg`, file, 'webp');
      assert.equal(status, 200);
      assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
    }
  });

  test('a header that promises more pixels than come is refused in time', async () => {
    for (const [width, height] of [[60_000, 60_000], [0x7fffffff, 1], [1, 0x7fffffff], [0x7fffffff, 0x7fffffff], [0, 0]]) {
      const { status, ms } = await askFor(`cost/${width}x${height}.png`, png(width, height, 8), 'webp');
      assert.notEqual(status, 200);
      assert.ok(ms < 2000, `${width} × ${height} took ${ms.toFixed(0)} ms`);
    }
    const gif = Buffer.from('GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\0;', 'latin1');
    assert.notEqual((await askFor('cost/65535.gif', gif, 'webp')).status, 200);
  });

  test('a photograph cut off anywhere is shown in part or refused', async () => {
    const whole = (await worker.ask('/image/width=200,format=jpeg/samples/photo.jpg')).body;
    const lengths = Array.from({ length: 40 }, (_, index) => Math.floor((whole.length * index) / 40));
    await inLanes(lengths, (length) => askFor(`cost/cut-${length}.jpg`, whole.subarray(0, length), 'webp'));
  });

  // As many as the decoder counts on 32 bits, in 1.2 MB.
  test('a picture of very many pixels in very few bytes is answered in time', async (t) => {
    const { status, ms } = await askFor('cost/bomb.png', black(46_000, 46_000, 1), 'png');
    t.diagnostic(`2,116 megapixels: ${status} after ${ms.toFixed(0)} ms`);
  });
});

describe('of large pictures', () => {
  // In a Worker of their own, so that the memory they need is known and not that of what came before.
  let large;
  const asked = (options, source = 'samples/photo.jpg') => large.ask(`/image/${options}/${source}`);
  before(async () => {
    large = await startWorker();
    await large.seed();
  });
  after(() => large?.close());

  test('one of 12 megapixels is a thumbnail within 10 MiB', async (t) => {
    const answer = await asked('width=800,format=webp');
    assert.equal(answer.status, 200);
    t.diagnostic(`linear memory ${mib(large.memory.most)} after one of 12 megapixels, ${answer.ms.toFixed(0)} ms`);
    assert.ok(large.memory.most <= 10 << 20, mib(large.memory.most));
  });

  test('eight of 12 megapixels at once are all answered within 96 MiB', async (t) => {
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => asked(`width=${900 + index},format=webp`)));
    assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200));
    answers.forEach(({ body }, index) => assert.equal(header(body).width, 900 + index));
    t.diagnostic(`linear memory ${mib(large.memory.most)} after eight at once, ${(performance.now() - began).toFixed(0)} ms`);
    assert.ok(large.memory.most <= LARGEST_MEMORY, mib(large.memory.most));
  });

  test('a JPEG of 60 MB is transformed while it comes in', async (t) => {
    const { body } = await asked('width=1600,format=baseline-jpeg');
    // Comments between the frame header and the scan: the header is known early, and the pixels come late.
    const scan = body.indexOf(Buffer.from([0xff, 0xda]));
    const comment = Buffer.alloc(0xffff + 2, ' ').fill(Buffer.from([0xff, 0xfe, 0xff, 0xff]), 0, 4);
    const file = Buffer.concat([body.subarray(0, scan), ...Array(920).fill(comment), body.subarray(scan)]);
    await large.put('short.jpg', body);
    await large.put('long.jpg', file);
    const before = large.memory.most;
    const [short, long] = [await asked('width=300,format=jpeg', 'short.jpg'), await asked('width=300,format=jpeg', 'long.jpg')];
    assert.equal(long.status, 200, long.body.toString().slice(0, 300));
    assert.deepEqual(long.body, short.body);
    t.diagnostic(`${mib(file.length)} in ${long.ms.toFixed(0)} ms; linear memory ${mib(large.memory.most)}, before ${mib(before)}`);
    assert.ok(large.memory.most <= before + (1 << 20), mib(large.memory.most));
  });

  const photographs = ['photo-12mp.jpg', 'photo-12mp-444.jpg', 'photo-12mp-busy.jpg', 'photo-12mp-progressive.jpg', 'photo-12mp.webp', 'photo-2mp.png', 'photo-100mp.jpg'];
  for (const name of photographs) {
    test(`${name} is shown or refused with its numbers, within 96 MiB`, async (t) => {
      const path = beside(`shared/pictures/${name}`);
      if (!path) return t.skip(`there is no ${name}`);
      await large.put(name, readFileSync(path));
      const answer = await asked('width=800,format=webp', name);
      t.diagnostic(`${answer.status} after ${answer.ms.toFixed(0)} ms; linear memory ${mib(large.memory.most)}`);
      assert.ok(large.memory.most <= LARGEST_MEMORY, mib(large.memory.most));
      assert.equal(answer.status, 200, answer.body.toString().slice(0, 300));
      assert.equal(header(answer.body).width, 800);
    });
  }
});
