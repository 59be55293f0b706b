// The origin: reads of its catalog, searches, uploads at once, and ingest beside Pillow. On SQLite, and on PostgreSQL where
// that is installed; at a number of pictures, and at a tenth of it.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, target } from '../scripts/lib/paths.mjs';
import { noPostgres, startPostgres } from '../scripts/lib/postgres.mjs';
import { buildCommandLine } from '../scripts/lib/programs.mjs';
import { ensurePython } from '../scripts/lib/python.mjs';
import { Stop, ask, run } from '../scripts/lib/run.mjs';
import { makeSamples } from '../scripts/lib/samples.mjs';
import { toolEnvironment } from '../scripts/lib/tools.mjs';
import { setting } from '../scripts/lib/local.mjs';
import { announcement, looked, peakMemory, putPresigned, startOrigin } from '../tests/e2e/origin.mjs';
import { findPicture, findPictures } from './pictures.mjs';

export const PARTS = ['catalog', 'uploads', 'ingest'];

/** What it has for its pages, as a server of its own would. */
const POSTGRES = { shared_buffers: '256MB' };
const READERS = 32;
const SEARCHERS = 4;
const SECONDS = 10;
const LARGE_BYTES = 10 << 20;
const AT_ONCE = 100;
const INGESTED = 24;
/** The tenant that the origin's example `fill` gives its pictures to. */
const TENANT = 'filled';

/** Measures the parts and prints tables; `pictures` is the larger number of them. */
export async function benchOrigin({ pictures = 100_000, only = PARTS, databases = ['sqlite', 'postgres'], debug = false, tell }) {
  const env = toolEnvironment();
  // Which tells the settings.
  await buildCommandLine(env);
  const profile = debug ? [] : ['--release'];
  tell('Building the origin …');
  await run('cargo', ['build', '--locked', ...profile, '--package', 'origin', '--bins', '--example', 'fill'], { cwd: root, env });
  const folder = join(target, debug ? 'debug' : 'release');
  const bench = { env, tell, binary: join(folder, 'lenslet-origin'), fill: join(folder, 'examples', 'fill'), presets: (await setting('PRESETS', env)) ?? '{}' };
  const tables = [];
  if (only.includes('catalog')) tables.push(await catalog(bench, pictures, databases));
  if (only.includes('uploads')) tables.push(await uploads(bench));
  if (only.includes('ingest')) tables.push(await ingest(bench));
  console.log(`\n${tables.join('\n\n')}\n\n${cpus()[0]?.model.trim()} × ${availableParallelism()}, which those who ask share; load ${loadavg()[0].toFixed(1)} after.`);
}

async function catalog(bench, most, databases) {
  const rows = [];
  for (const database of databases) {
    const missing = database === 'postgres' && noPostgres();
    if (missing) bench.tell(missing);
    else for (const pictures of [Math.round(most / 10), most]) rows.push(await ofCatalog(bench, database, pictures));
  }
  const lines = rows.map(({ database, pictures, reads, searches }) => `| ${database} | ${pictures} | ${reads.perSecond.toFixed(0)} | ${reads.p50.toFixed(1)} | ${reads.p99.toFixed(1)} | ${searches.p50.toFixed(1)} | ${searches.p99.toFixed(1)} | ${searches.perSecond.toFixed(0)} |`);
  return ['| catalog | pictures | reads/s | read p50 ms | p99 ms | search p50 ms | p99 ms | searches/s |', '|---|---:|---:|---:|---:|---:|---:|---:|', ...lines].join('\n');
}

async function ofCatalog({ env, tell, binary, fill }, database, pictures) {
  if (!existsSync(fill)) throw new Stop('The origin has no example `fill`, which makes the pictures that are searched.');
  tell(`${database} with ${pictures} pictures …`);
  const server = database === 'postgres' ? await startPostgres(POSTGRES) : null;
  const origin = await startOrigin({ LOG: 'warn', WORKERS: '0', RECONCILE_SECONDS: '0', ...(server && { DATABASE: server.url }) }, { binary });
  try {
    await run(fill, [server?.url ?? `sqlite:${join(origin.folder, 'catalog.sqlite')}`, `${pictures}`, '0'], { env, stdio: 'ignore' });
    const bearer = origin.token({ lenslet: { tenant: TENANT } });
    const { images } = await origin.json('GET', '/v1/images?limit=100&sort=newest', { bearer });
    if (!images.length) throw new Stop(`There are no pictures of the tenant ${TENANT} after fill.`);
    const reads = await load(origin, bearer, () => `/v1/images/${any(images).id}`, READERS);
    const searches = await load(origin, bearer, () => `/v1/images?${question(images)}`, SEARCHERS);
    return { database, pictures, reads, searches };
  } finally {
    await origin.close();
    await server?.close();
  }
}

/** What people ask, in words as frequent as the pictures have them. */
function question(images) {
  const word = () => any(any(images).title.split(' '));
  const tag = () => any(any(images.filter(({ tags }) => tags.length)).tags);
  const kinds = [
    () => `q=${word()}+`,
    () => `q=${word()}+${word()}+`,
    () => `q=${word().slice(0, 1 + Math.floor(Math.random() * 4))}`,
    () => `q=${word()}q+`,
    () => `q="${word()} ${word()}"`.replaceAll(/[" ]/g, encodeURIComponent),
    () => `q=${word()}&tag=${tag()}&facets=format,tag,camera,year`,
    () => `tag=${tag()}&sort=name`,
    () => `sort=newest&min_width=3000`,
    () => `colour=${randomBytes(3).toString('hex')}`,
  ];
  return any(kinds)();
}

const any = (list) => list[Math.floor(Math.random() * list.length)];

/** So many clients that ask one thing after the other; a second of it does not count. */
async function load(origin, bearer, path, clients) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const headers = { authorization: `Bearer ${bearer}` };
  const times = [];
  const began = performance.now();
  const end = began + (SECONDS + 1) * 1000;
  const client = async () => {
    while (performance.now() < end) {
      const asked = performance.now();
      await get(`${origin.url}${path()}`, headers, agent);
      if (asked > began + 1000) times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { perSecond: times.length / SECONDS, p50: at(0.5), p99: at(0.99) };
}

const get = (url, headers, agent) =>
  new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Stop(`${url}: ${answer.statusCode} ${Buffer.concat(parts)}`))));
    });
    asked.on('error', reject);
    asked.end();
  });

async function uploads({ env, tell, binary }) {
  tell(`${AT_ONCE} uploads of ${LARGE_BYTES >> 20} MB at once …`);
  const file = await picture(env, 'photo-12mp.jpg');
  const origin = await startOrigin({ LOG: 'warn', PRESETS: '{"thumbnail":"width=200,height=200,fit=cover"}', VARIANTS: '["thumbnail"]' }, { binary });
  try {
    const idle = peakMemory(origin.pid);
    const began = performance.now();
    const one = async (_, index) => {
      const bytes = padded(file, LARGE_BYTES, index);
      const begun = await origin.json('POST', '/v1/uploads', { body: announcement(`large/${index}.jpg`, bytes, { method: 'put' }) });
      // Through the service, which is where its memory could go.
      const sent = await fetch(`${origin.url}/v1/uploads/${begun.id}/content`, { method: 'PUT', headers: { authorization: `Bearer ${origin.token()}` }, body: bytes });
      if (sent.status !== 202) throw new Stop(`an upload was answered ${sent.status}: ${await sent.text()}`);
      return begun.id;
    };
    const ids = await Promise.all(Array.from({ length: AT_ONCE }, one));
    const seconds = (performance.now() - began) / 1000;
    const whileReceiving = peakMemory(origin.pid);
    for (const id of ids) {
      const seen = await looked(origin, id);
      if (seen.state !== 'ready') throw new Stop(`an upload ended ${seen.state}: ${JSON.stringify(seen.problem)}`);
    }
    const all = (performance.now() - began) / 1000;
    const mib = (bytes) => (bytes / (1 << 20)).toFixed(0);
    const row = [AT_ONCE, seconds.toFixed(1), ((AT_ONCE * LARGE_BYTES) / 1e6 / seconds).toFixed(0), all.toFixed(1), mib(idle), mib(whileReceiving), mib(peakMemory(origin.pid))];
    return ['| uploads at once | received in s | MB/s | all ready in s | memory idle MiB | receiving | with ingest |', '|---:|---:|---:|---:|---:|---:|---:|', `| ${row.join(' | ')} |`].join('\n');
  } finally {
    await origin.close();
  }
}

async function ingest({ env, tell, binary, presets }) {
  tell(`Ingest of ${INGESTED} photos of 12 MP …`);
  const file = await picture(env, 'photo-12mp.jpg');
  const mark = readFileSync(join(await makeSamples(env), 'mark.png'));
  const settings = { LOG: 'warn', PRESETS: presets, VARIANTS: JSON.stringify(Object.keys(JSON.parse(presets))), RECONCILE_SECONDS: '0' };
  const origin = await startOrigin({ ...settings, WORKERS: '1' }, { binary });
  let ours;
  try {
    mkdirSync(join(origin.folder, 'objects', 'samples'), { recursive: true });
    writeFileSync(join(origin.folder, 'objects', 'samples', 'mark.png'), mark);
    const ids = [];
    const before = cpuSeconds(origin.pid);
    for (let index = 0; index < INGESTED; index++) {
      const bytes = padded(file, file.length + 100, index);
      const begun = await origin.json('POST', '/v1/uploads', { body: announcement(`photo/${index}.jpg`, bytes) });
      await putPresigned(begun.put, bytes);
      await origin.json('POST', `/v1/uploads/${begun.id}/complete`);
      ids.push(begun.id);
    }
    for (const id of ids) if ((await looked(origin, id)).state !== 'ready') throw new Stop('a photo was not taken');
    // Receiving, hashing and all that the catalog does are in it.
    ours = (cpuSeconds(origin.pid) - before) / INGESTED;
  } finally {
    await origin.close();
  }
  const theirs = await pillow(env, file, mark);
  const row = (name, seconds) => `| ${name} | ${(seconds * 1000).toFixed(0)} | ${(1 / seconds).toFixed(2)} |`;
  return ['| 12 MP photo, three presets | CPU ms | photos per second and core |', '|---|---:|---:|', row('Lenslet’s whole ingest', ours), row('Pillow, three variants only', theirs)].join('\n');
}

async function pillow(env, file, mark) {
  const { PYTHONPATH } = await ensurePython('pillow');
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-pillow-'));
  try {
    const [photo, sign] = ['photo.jpg', 'mark.png'].map((name) => join(folder, name));
    writeFileSync(photo, file);
    writeFileSync(sign, mark);
    const { ok, text } = await ask('python3', [join(root, 'benches', 'pillow.py'), photo, sign], { env: { ...env, PYTHONPATH } });
    if (!ok) throw new Stop(`benches/pillow.py failed:\n${text}`);
    return Number(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function picture(env, name) {
  const { folder } = await findPictures(undefined, env);
  const path = await findPicture(folder, name);
  if (!path) throw new Stop(`There is no ${name} in ${folder}.`);
  return readFileSync(path);
}

/** The same JPEG with comments in it, so that it is so long and like no other. */
function padded(file, bytes, index) {
  const MOST = 65_533;
  const parts = [file.subarray(0, 2)];
  for (let left = bytes - file.length; left > 4; ) {
    const length = Math.min(MOST, left - 4);
    const comment = Buffer.alloc(4 + length, 0x20);
    comment.set([0xff, 0xfe, (length + 2) >> 8, (length + 2) & 0xff]);
    comment.write(`${index} ${randomBytes(8).toString('hex')}`.slice(0, length), 4);
    parts.push(comment);
    left -= comment.length;
  }
  return Buffer.concat([...parts, file.subarray(2)]);
}

/** What a process has had of all cores. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  // Of the kernel's hundredths of a second: utime and stime.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
