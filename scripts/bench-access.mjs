// `npm run bench:access`: what checking grants costs, and how many cached pictures a second there are with it.

import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureHits } from '../benches/hits.mjs';
import { build } from './build.mjs';
import { npmBin, root } from './lib/paths.mjs';
import { Stop, ask, main, onInterrupt } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { setUp } from './setup.mjs';

const HELP = `Measures what access control costs: CPU time per grant, and requests per second and times of a cached picture beside
a Worker that only reads the Cache API and one that only answers (by wrk against workerd; all in turn).

  npm run bench:access [-- --rounds <n>] [-- --seconds <n>]

  --rounds   how often wrk asks each, default 5
  --seconds  for how long, default 5`;

async function bench({ rounds = '5', seconds = '5' }) {
  if (![rounds, seconds].every((text) => Number(text) > 0)) throw new Stop('--rounds and --seconds are numbers above 0.');
  await setUp();
  await build();
  const env = toolEnvironment();
  const worker = join(root, 'build');
  console.error('The CPU time of grants …');
  const grants = await grantsOf(worker, env);
  const picture = join(await makeSamples(env), 'photo.jpg');
  const hits = await measureHits({ picture, rounds: Number(rounds), seconds: Number(seconds), tell: console.error });
  console.log(`${table(grants)}\n\n${ratios(hits)}\n\n${cpus()[0]?.model.trim()} × ${availableParallelism()}, load ${loadavg()[0].toFixed(1)} after.`);
}

/** In a process of its own, which nothing else has warmed up. */
async function grantsOf(worker, env) {
  const { ok, text } = await ask(npmBin('node'), [join(root, 'benches/grants.mjs'), worker], { env, cwd: root });
  const line = text.trim().split('\n').find((line) => line.startsWith('['));
  if (!ok || !line) throw new Stop(`benches/grants.mjs failed:\n${text}`);
  return JSON.parse(line);
}

function table(rows) {
  const ms = (us) => (us / 1000).toFixed(3);
  const lines = rows.map(({ kind, us, added, low, high }) => `| ${kind} | ${ms(us)} | ${ms(added)} | ${ms(low)}–${ms(high)} |`);
  return ['| cached hit, in Node | CPU ms | added | 10–90 % |', '|---|---:|---:|---:|', ...lines].join('\n');
}

function ratios(rows) {
  const middle = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  const of = (runs, what) => runs.map((run) => run[what]);
  const [least] = rows;
  const lines = rows.map(({ subject, runs }) => {
    // Each round's own ratio: what slows the machine slows all of them.
    const costs = runs.map(({ perSecond }, round) => least.runs[round].perSecond / perSecond);
    const range = `${Math.min(...costs).toFixed(2)}–${Math.max(...costs).toFixed(2)}`;
    const [perSecond, p50, p99] = ['perSecond', 'p50', 'p99'].map((what) => middle(of(runs, what)));
    return `| ${subject} | ${perSecond.toFixed(0)} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${middle(costs).toFixed(2)} | ${range} |`;
  });
  return ['| cached hit, wrk against workerd | requests/s | p50 ms | p99 ms | costs × the first | min–max |', '|---|---:|---:|---:|---:|---:|', ...lines].join('\n');
}

onInterrupt();
await main(async () => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const { values } = parseArgs({ options: { rounds: text, seconds: text, help: flag } });
  if (values.help) return console.log(HELP);
  await bench(values);
  // Keeps nothing of the runtimes that were asked.
  process.exit();
});
