// Requests per second of a cached picture, by wrk against workerd: with and without a grant, and beside a Worker that
// only reads the Cache API. All in turn, each in a runtime of its own that idles while the others are asked.

import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Stop, ask } from '../scripts/lib/run.mjs';
import { startBareWorker } from '../tests/e2e/bare.mjs';

const KEY = 'samples/photo.jpg';
const PATH = `/image/width=400,format=jpeg/${KEY}`;
/** Long after any run of this. */
const EXPIRES = 4_102_444_800;
const CONNECTIONS = 32;

/** Measures all in turn; answers rows of `{ subject, runs: [{ perSecond, p50, p99 }] }`, times in ms, those without Lenslet first. */
export async function measureHits({ picture, rounds, seconds, tell }) {
  await requireWrk();
  const secret = { kty: 'oct', kid: 'bench', alg: 'HS256', k: randomBytes(32).toString('base64url') };
  const bytes = readFileSync(picture);
  const subjects = [];
  try {
    subjects.push(await startLenslet('Lenslet, public', { ACCESS: 'public' }, PATH, bytes));
    subjects.push(await startLenslet('Lenslet, signed URL', { URL_KEYS: { keys: [secret] } }, sign(secret), bytes));
    const { answer } = subjects[0];
    subjects.unshift(await startBare('a Worker that only answers', 'only-answer.mjs', answer));
    subjects.unshift(await startBare('a Worker that only reads the Cache API', 'only-cache.mjs', answer));
    for (let round = 0; round < rounds; round++) {
      tell(`round ${round + 1} of ${rounds} …`);
      for (const subject of subjects) subject.runs.push(await wrk(subject.url, seconds));
    }
    return subjects.map(({ name, runs }) => ({ subject: name, runs }));
  } finally {
    await Promise.all(subjects.map(({ worker }) => worker.close()));
  }
}

function sign({ k, kid }) {
  const query = `exp=${EXPIRES}&kid=${kid}`;
  const sig = createHmac('sha256', Buffer.from(k, 'base64url')).update(`lenslet-url-1\n${PATH}?${query}`).digest('base64url');
  return `${PATH}?${query}&sig=${sig}`;
}

async function startLenslet(name, vars, path, bytes) {
  // Nobody replaces the picture meanwhile.
  const worker = await startBareWorker({ FRESH_SECONDS: '3600', ...vars });
  await worker.put(KEY, bytes);
  return hit({ name, worker, url: worker.url + path });
}

async function startBare(name, file, answer) {
  const worker = await startBareWorker({}, fileURLToPath(new URL(file, import.meta.url)));
  await fetch(worker.url, { method: 'PUT', body: answer });
  return hit({ name, worker, url: worker.url });
}

/** Asked twice, it answers from the cache; keeps what it answered. */
async function hit(subject) {
  for (let tries = 0; tries < 50; tries++) {
    const response = await fetch(subject.url);
    const answer = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Stop(`${subject.name} answers ${response.status}: ${answer}`);
    const isHit = response.headers.get('cache-status')?.endsWith('hit') ?? response.headers.get('cf-cache-status') === 'HIT';
    if (isHit) return { ...subject, answer, runs: [] };
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
  const { ok, text } = await ask('wrk', ['-t1', '--latency', `-c${CONNECTIONS}`, `-d${seconds}s`, url]);
  const perSecond = Number(text.match(/Requests\/sec:\s+([\d.]+)/)?.[1]);
  const [p50, p99] = [50, 99].map((percent) => milliseconds(text.match(new RegExp(`^\\s+${percent}%\\s+(\\S+)$`, 'm'))?.[1]));
  if (!ok || !(perSecond && p50 && p99) || /Non-2xx/.test(text)) throw new Stop(`wrk could not measure ${url}:\n${text}`);
  return { perSecond, p50, p99 };
}

/** A time as wrk writes it. */
function milliseconds(text = '') {
  const [, number, unit] = text.match(/^([\d.]+)(us|ms|s)$/) ?? [];
  return Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit];
}
