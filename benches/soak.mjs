// The Worker under a load that it bears, for a long time, while its source fails now and then: does everybody get what they
// should, and does it need more and more memory? Usage: soak.mjs <picture> <minutes> <percent>

import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { startBareWorker } from '../tests/e2e/bare.mjs';
import { generator } from '../tests/e2e/rules.js';
import { capacity, load } from './load.mjs';
import { faultsOf, growth, told } from './verdict.mjs';

const KEYS = Array.from({ length: 8 }, (_, index) => `soak/${index}.jpg`);
const HIT_WIDTHS = Array.from({ length: 16 }, (_, index) => 40 + 20 * index);
const ACCEPT = 'image/webp,*/*';

const MISS_SHARE = 0.1;
/** Of the hits, those who have the picture already. */
const CONDITIONAL_SHARE = 0.2;
const FAILING_PERCENT = 5;
const CONNECTIONS = 16;
const MEASURED_SECONDS = 8;
const LINE_SECONDS = 10;
/** The first part of the time, in which caches fill. */
const WARM_UP = 0.2;
/** So often the isolate's garbage is collected, to see what it holds besides; more often would be a load of its own. */
const HELD_SECONDS = 5;
/** So much the cache of the data centre holds, which is small for it to be full soon. */
const CACHE_BYTES = 8 << 20;
/** `MOST_BYTES` of src/edge/cache.rs. */
const HOT_BYTES = 8 << 20;

/** Garbage is collected whole each time: V8 would else take hundreds of MiB. */
const V8_FLAGS = ['--gc-global', '--max-semi-space-size=1'];

/**
 * Where the pictures come from, and how that fails: settings of the Worker, and what to do with it before and meanwhile. All
 * that a soak knows of its source is here.
 */
function source() {
  const bucket = ({ buckets }) => buckets.PICTURES;
  return {
    // So that what is known of pictures is renewed all the time, in spite of the failures.
    vars: { FRESH_SECONDS: '2' },
    fill: (worker, bytes) => Promise.all(KEYS.map((key) => bucket(worker).put(key, bytes))),
    fail: (worker, percent) => bucket(worker).set('fail', { kinds: ['head', 'get'], percent }),
    failures: async (worker) => (await bucket(worker).counts()).faults.fail ?? 0,
  };
}

async function soak(picture, minutes, percent) {
  const from = source();
  const worker = await startBareWorker({ ACCESS: 'public', ...from.vars }, undefined, { cacheBytes: CACHE_BYTES, v8Flags: V8_FLAGS, inspected: true, apart: true });
  try {
    await from.fill(worker, readFileSync(picture));
    const misses = await filled(worker);
    console.log(`The caches are full after ${misses} misses.`);
    const draw = drawing(await warm(worker), misses);
    const most = await capacity(worker, draw, { connections: CONNECTIONS, seconds: MEASURED_SECONDS });
    const perSecond = (most * percent) / 100;
    console.log(`${most.toFixed(0)} requests a second are borne; ${perSecond.toFixed(0)} will be sent for ${minutes} minutes.`);
    await from.fail(worker, FAILING_PERCENT);
    const seen = await watched(worker, draw, perSecond, minutes * 60);
    return report({ ...seen, perSecond, injected: await from.failures(worker) });
  } finally {
    await worker.close();
  }
}

/** Every hit, made once: `{ path, tag }`. */
async function warm(worker) {
  const hits = KEYS.flatMap((key) => HIT_WIDTHS.map((width) => `/image/width=${width},format=auto/${key}`));
  const connection = worker.connect();
  const made = [];
  for (const path of hits) {
    const { status, headers } = await connection.ask(path, 'GET', { accept: ACCEPT });
    if (status !== 200) throw new Error(`${path} is ${status}`);
    made.push({ path, tag: headers.etag });
  }
  connection.close();
  return made;
}

/**
 * Sends nothing but misses until neither the isolate nor the data centre can keep more of them, as many at once as ever will be: what
 * the isolate needs for that it does not give back. Answers how many.
 */
async function filled(worker) {
  let [left, misses] = [2 * (CACHE_BYTES + HOT_BYTES), 0];
  const client = async () => {
    const connection = worker.connect();
    while (left > 0) {
      const { body } = await connection.ask(miss(misses++).path);
      // Only now: what is left before the answer is not what is left after it.
      left -= body.length;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  return misses;
}

/** Draws requests, `{ kind, path, headers, expected }`: most of them for what is cached; `misses` were had before. */
function drawing(hits, misses) {
  const draw = generator(1);
  return () => {
    if (draw() < MISS_SHARE) return miss(misses++);
    const { path, tag } = hits[Math.floor(draw() * hits.length)];
    const isConditional = draw() < CONDITIONAL_SHARE;
    const headers = { accept: ACCEPT, ...(isConditional && { 'if-none-match': tag }) };
    return { kind: 'hit', path, headers, expected: isConditional ? 304 : 200 };
  };
}

/** Never twice the same for more than a hundred thousand. */
function miss(number) {
  const key = KEYS[number % KEYS.length];
  const rest = Math.floor(number / KEYS.length);
  const [width, quality] = [600 + (rest % 400), 60 + (Math.floor(rest / 400) % 35)];
  return { kind: 'miss', path: `/image/width=${width},quality=${quality},format=jpeg/${key}`, headers: {}, expected: 200 };
}

/** Loads the Worker for so long and says every few seconds how it is. Answers `{ statuses, times, memory, resident, late }`. */
async function watched(worker, draw, perSecond, seconds) {
  const statuses = { hit: {}, miss: {} };
  const times = createHistogram();
  const [memory, resident] = [[], []];
  const inspector = await worker.inspect();
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  const sample = setInterval(() => {
    const bytes = worker.rss();
    if (bytes !== null) resident.push([passed(), bytes]);
  }, 500);
  const held = setInterval(async () => memory.push([passed(), await inspector.held()]), HELD_SECONDS * 1000);
  const line = setInterval(() => console.log(`${passed().toFixed(0).padStart(5)} s  ${state({ statuses, times, memory, resident })}`), LINE_SECONDS * 1000);
  const seen = (request, answer, ms) => {
    const name = nameOf(request, answer);
    if (answer.error) console.log(`${request.path}: ${answer.error.message}`);
    statuses[request.kind][name] = (statuses[request.kind][name] ?? 0) + 1;
    times.record(Math.max(1, Math.round(ms * 1000)));
  };
  const late = await load(worker, draw, { perSecond, seconds, seen });
  for (const timer of [sample, held, line]) clearInterval(timer);
  inspector.close();
  return { statuses, times, memory, resident, late };
}

/** The status of an answer, or a word where that does not say all. */
function nameOf({ expected }, { error, status, headers, body }) {
  if (error) return 'broken';
  if (status === 503 && `${body}`.includes(':problem:busy')) return 'busy';
  if ([200, 304].includes(status) && status !== expected) return `${status} instead of ${expected}`;
  if (status === 200 && !headers['content-type'].startsWith('image/')) return 'no picture';
  return `${status}`;
}

function state({ statuses, times, memory, resident }) {
  const ms = (percent) => `${(times.percentile(percent) / 1000).toFixed(1)} ms`;
  const mib = (samples) => (samples.length ? `${(samples.at(-1)[1] / 2 ** 20).toFixed(1)} MiB` : 'unknown');
  const counts = Object.entries(statuses).map(([kind, counts]) => `${kind} ${JSON.stringify(counts)}`);
  return `${counts.join('  ')}  p50 ${ms(50)}, p99 ${ms(99)}  isolate ${mib(memory)}, process ${mib(resident)}`;
}

/** Prints what came of it; answers whether that was well. */
function report({ statuses, times, memory, resident, ...more }) {
  const grown = { 'what the isolate holds': growthOf(memory), 'the memory of workerd': growthOf(resident) };
  console.log(`\n${state({ statuses, times, memory, resident })}`);
  const growths = Object.entries(grown).map(([memory, grew]) => `${memory} grew by ${told(grew)}`);
  console.log(`The source failed ${more.injected} times. After the warm-up, ${growths.join(', ')}.`);
  const faults = faultsOf({ statuses, grown, ...more });
  for (const fault of faults) console.log(`NOT WELL: ${fault}.`);
  return faults.length === 0;
}

function growthOf(samples) {
  const settled = samples.filter(([time]) => time > samples.at(-1)[0] * WARM_UP);
  return settled.length > 1 ? growth(settled) : { percent: 0, doubt: 0 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [picture, ...numbers] = process.argv.slice(2);
  if (!(await soak(picture, ...numbers.map(Number)))) process.exitCode = 1;
}
