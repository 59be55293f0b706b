// Requests per second of a cached picture, by wrk against workerd: with and without a grant, and beside a bare Worker.
//
// All in turn, each in a runtime of its own that idles while the others are asked.

import { createHmac, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, target } from '../scripts/lib/paths.mjs';
import { Stop, ask } from '../scripts/lib/run.mjs';

const KEY = 'samples/photo.jpg';
const PATH = `/image/width=400,format=jpeg/${KEY}`;
/** Long after any run of this. */
const EXPIRES = 4_102_444_800;
const CONNECTIONS = 32;

/** Measures all in turn; answers rows of `{ subject, perSecond: [] }`, the bare Worker first. */
export async function measureHits({ worker, picture, rounds, seconds, tell }) {
  await requireWrk();
  const secret = { kty: 'oct', kid: 'bench', alg: 'HS256', k: randomBytes(32).toString('base64url') };
  const signed = { ACCESS: 'signed', URL_KEYS: JSON.stringify({ keys: [secret] }) };
  const bytes = readFileSync(picture);
  const lenslet = (name, vars, path, more) => startLenslet(name, worker, vars, path, bytes, more);
  const subjects = [];
  try {
    subjects.push(await lenslet('Lenslet, public', { ACCESS: 'public' }, PATH));
    subjects.push(await lenslet('Lenslet, signed URL', signed, sign(secret)));
    subjects.push(await lenslet('Lenslet, signed URL, behind [assets]', signed, sign(secret), { assets: { directory: join(root, 'www'), binding: 'ASSETS', run_worker_first: ['/image/*'] } }));
    subjects.unshift(await startBare(subjects[0].answer));
    for (let round = 0; round < rounds; round++) {
      tell(`round ${round + 1} of ${rounds} …`);
      for (const subject of subjects) subject.perSecond.push(await wrk(subject.url, seconds));
    }
    return subjects.map(({ name, perSecond }) => ({ subject: name, perSecond }));
  } finally {
    await Promise.all(subjects.map(({ harness }) => harness.close()));
  }
}

function sign({ k, kid }) {
  const query = `exp=${EXPIRES}&kid=${kid}`;
  const sig = createHmac('sha256', Buffer.from(k, 'base64url')).update(`lenslet-url-1\n${PATH}?${query}`).digest('base64url');
  return `${PATH}?${query}&sig=${sig}`;
}

async function startLenslet(name, worker, vars, path, bytes, more = {}) {
  const main = (folder) => relative(folder, join(worker, 'index.js'));
  const buckets = [{ binding: 'PICTURES', bucket_name: 'lenslet' }];
  const subject = await startWorker(name, (folder) => ({ main: main(folder), vars, r2_buckets: buckets, ...more }), worker);
  const { PICTURES } = await subject.harness.getWorker().getEnv();
  await PICTURES.put(KEY, bytes);
  subject.url = new URL(path, subject.url);
  await isHit(subject);
  return subject;
}

async function startBare(answer) {
  const file = fileURLToPath(new URL('bare.mjs', import.meta.url));
  const subject = await startWorker('bare Worker', (folder) => {
    copyFileSync(file, join(folder, 'bare.mjs'));
    return { main: 'bare.mjs' };
  });
  await fetch(subject.url, { method: 'PUT', body: answer });
  await isHit(subject);
  return subject;
}

/** A Worker with a configuration of its own, because the project's builds first. */
async function startWorker(name, settings, prebuiltWorkerDir) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
  const { createTestHarness } = await import('wrangler');
  const folder = join(target, 'bench', 'hits', name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const config = { name: 'bench', compatibility_date: '2026-11-01', send_metrics: false, ...settings(folder) };
  writeFileSync(join(folder, 'wrangler.json'), JSON.stringify(config));
  const harness = createTestHarness({ root: folder, workers: [{ configPath: 'wrangler.json', ...(prebuiltWorkerDir && { prebuiltWorkerDir }) }] });
  const { url } = await harness.listen();
  return { name, harness, url, perSecond: [] };
}

/** Asked twice, it answers from the cache; keeps what it answered. */
async function isHit(subject) {
  for (let tries = 0; tries < 50; tries++) {
    const response = await fetch(subject.url);
    subject.answer = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Stop(`${subject.name} answers ${response.status}: ${subject.answer}`);
    if (response.headers.get('cache-status')?.endsWith('hit') ?? response.headers.get('cf-cache-status') === 'HIT') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Stop(`${subject.name} never answers from the cache.`);
}

async function requireWrk() {
  // It answers --version with an error of its own, so only whether it runs is looked at.
  const { text } = await ask('wrk', ['--version']);
  if (!text.includes('wrk')) throw new Stop('wrk is missing; install it (Debian: apt-get install wrk; macOS: brew install wrk) and try again.');
}

async function wrk(url, seconds) {
  const { ok, text } = await ask('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, String(url)]);
  const perSecond = Number(text.match(/Requests\/sec:\s+([\d.]+)/)?.[1]);
  if (!ok || !perSecond || /Non-2xx/.test(text)) throw new Stop(`wrk could not measure ${url}:\n${text}`);
  return perSecond;
}
