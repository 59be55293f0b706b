// `npm run bench`: Lenslet beside the others, in one interleaved run. What is measured and how is in benches/.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CURVES, curvesTable, drawCurves } from '../benches/curves.mjs';
import { buildEncoder } from '../benches/encoder.mjs';
import { graphicsTable, measureGraphics } from '../benches/graphics.mjs';
import { levelsTable, measureLevels } from '../benches/levels.mjs';
import { PARTS, benchOrigin } from '../benches/origin.mjs';
import { findPicture, findPictures } from '../benches/pictures.mjs';
import { buildQuality, scores } from '../benches/quality.mjs';
import { markdown, rowsOf } from '../benches/report.mjs';
import { measure } from '../benches/rounds.mjs';
import { weigh } from '../benches/size.mjs';
import { abortingWorker, otherWorker, subjects as all } from '../benches/subjects.mjs';
import { extension, tasks } from '../benches/tasks.mjs';
import { build } from './build.mjs';
import { root, target } from './lib/paths.mjs';
import { Stop, main, onInterrupt, run } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { hashOf, setStamp, stampIs } from './lib/stamp.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { setUp } from './setup.mjs';

const HELP = `Measures Lenslet's Worker beside its peers: time, bytes, quality (SSIMULACRA2) and linear memory.

  npm run bench [-- <options>]

  --pictures <folder>  take the pictures from there; default ../shared/pictures, else made ones
  --rounds <n>         how often each is timed, default 15 (after 5 rounds that do not count)
  --only <tasks>       of ${tasks.map(({ name }) => name).join(', ')}
  --subjects <names>   of ${all.map(({ name }) => name).join(', ')}
  --panic both         also the Worker that aborts on a panic, as lenslet-abort: what does unwinding cost?
  --built              take the Workers as they were built last, without building them first
  --against <folder>   also another built Worker, as lenslet-other: what did a change bring?

Several names are separated by commas. Each subject does each task in a process of its own, one transform at a
time and all subjects in turn. The table goes to stdout, and with every figure to target/bench/report.{md,json}.

  npm run bench -- curves [<options>]

Draws how many bytes a quality takes: our encoders beside sharp's on the same photographs, as SVG plots, and a table of bytes
at equal SSIMULACRA2; all of it in target/bench/curves.

  --pictures <folder>  as above; photographs of ../shared/corpus are taken where it is
  --only <formats>     of ${CURVES.map(({ format }) => format).join(', ')}
  --publish            the plots into docs/curves, too

  npm run bench -- levels [--pictures <folder>]

What qualities by name come to: SSIMULACRA2 and time over the same photographs; with every figure in target/bench/levels.

  npm run bench -- graphics

The bytes of WebP without loss beside sharp's, of the drawn pictures of ../shared/corpus where it is, and of our own plots.

  npm run bench -- origin [<options>]

Measures the origin instead: reads and searches of its catalog at so many pictures and at a tenth of them, 100 uploads of
10 MB at once and what memory they take, and ingest beside Pillow (PyPI).

  --count <n>          how many pictures the catalog has, default 100000; 1000000 shows how it grows
  --only <parts>       of ${PARTS.join(', ')}
  --databases <names>  of sqlite, postgres; default both
  --debug              of a debug build, to try the measurement and not the origin`;

const WARM_UPS = 5;
const folder = join(target, 'bench');

async function bench(options) {
  const rounds = Number(options.rounds ?? 15);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Stop(`--rounds ${options.rounds} is no number of rounds.`);
  const wanted = choose(tasks, options.only, '--only');
  const subjects = [...choose(all, options.subjects, '--subjects'), ...otherWorkers(options)];
  const alone = wanted.filter((task) => task.alone);
  const workers = alone.length < wanted.length ? subjects.filter(({ worker, plain }) => worker && !plain) : [];

  await prepare(workers, options);
  const env = toolEnvironment();
  await installPeers(env);
  await buildQuality(env);
  if (alone.length) await buildEncoder(env);
  const { folder: pictures, made } = await findPictures(options.pictures && resolve(options.pictures), env);

  const notes = [`Node ${nodeVersion()}, ${machine()}, ${rounds} rounds, load ${load()} before`];
  if (made) notes.push('the pictures are the project’s made ones');
  const rows = [];
  for (const task of wanted) {
    const picture = await findPicture(pictures, task.picture);
    const able = subjects.filter(({ name, plain }) => task.peers?.includes(name) ?? !plain);
    const given = task.options ? { ...task, mark: join(await makeSamples(env), 'mark.png') } : task;
    if (picture) rows.push(...(await rowsFor(given, able, { picture, rounds, env })));
    else notes.push(`${task.name} is left out: there is no ${task.picture}`);
  }
  for (const { name, worker } of workers) rows.push({ task: 'size', subject: name, ...(await weigh(name, worker, env)) });
  notes.push(`load ${load()} after`, ...subjects.flatMap(({ note }) => note ?? []));
  publish(rows, notes);
  // A peer that cannot run is news; a Worker that cannot is a failure.
  if (rows.some(({ subject, error }) => error && workers.some(({ name }) => name === subject))) process.exitCode = 1;
}

async function benchCurves({ only, pictures, publish: isPublished }) {
  const curves = choose(CURVES.map((curve) => ({ name: curve.format, ...curve })), only, '--only');
  await prepare([], {});
  const env = toolEnvironment();
  await installPeers(env);
  await buildQuality(env);
  await buildEncoder(env);
  const to = join(folder, 'curves');
  const published = isPublished && join(root, 'docs', 'curves');
  const { rows, photos } = await drawCurves(curves, { folder: to, published, pictures: pictures && resolve(pictures), env, tell });
  const text = `${curvesTable(rows)}\n\nMean (least–most), and of how many: ${photos.length} photographs, ${photos.join(', ')}.\n`;
  writeFileSync(join(to, 'table.md'), text);
  process.stdout.write(`\n${text}`);
}

async function benchLevels({ pictures }) {
  await prepare([], {});
  const env = toolEnvironment();
  await installPeers(env);
  await buildQuality(env);
  await buildEncoder(env);
  const to = join(folder, 'levels');
  const { rows, photos } = await measureLevels({ folder: to, pictures: pictures && resolve(pictures), env, tell });
  writeFileSync(join(to, 'report.json'), `${JSON.stringify(rows, null, 1)}\n`);
  process.stdout.write(`\n${levelsTable(rows)}\n\n${photos.length} photographs, ${photos.join(', ')}; ${machine()}.\n`);
}

async function benchGraphics() {
  await prepare([], {});
  const env = toolEnvironment();
  await installPeers(env);
  await buildEncoder(env);
  const curves = ['jpeg', 'webp', 'avif'].map((format) => join(root, 'docs', 'curves', `${format}.svg`));
  const rows = await measureGraphics({ drawn: curves.filter(existsSync), tell });
  mkdirSync(join(folder, 'graphics'), { recursive: true });
  writeFileSync(join(folder, 'graphics', 'report.json'), `${JSON.stringify(rows, null, 1)}\n`);
  process.stdout.write(`\n${graphicsTable(rows)}\n`);
}

async function benchTheOrigin({ count = '100000', only = PARTS.join(), databases = 'sqlite,postgres', debug }) {
  const pictures = Number(count);
  if (!(Number.isInteger(pictures) && pictures >= 10)) throw new Stop(`--count ${count} is no number of pictures.`);
  await setUp({ unwinding: false });
  await installPeers(toolEnvironment());
  const parts = only.split(',');
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown) throw new Stop(`--only ${unknown}: there is only ${PARTS.join(', ')}.`);
  await benchOrigin({ pictures, only: parts, databases: databases.split(','), debug, tell });
}

function otherWorkers({ panic, against }) {
  if (panic && panic !== 'both') throw new Stop(`--panic ${panic} is not known here: it is "both" or not there.`);
  return [...(panic ? [abortingWorker] : []), ...(against ? [otherWorker(resolve(against))] : [])];
}

/** Everything is set up, and every Worker there. */
async function prepare(workers, { built }) {
  await setUp({ unwinding: false });
  for (const { worker, panic } of workers) {
    if (panic && !built) await build({ panic, out: relative(root, worker) });
    if (!existsSync(join(worker, 'index.js'))) throw new Stop(`There is no built Worker in ${worker}.`);
  }
}

async function rowsFor(task, subjects, { picture, rounds, env }) {
  tell(`${task.name}: ${task.says}, ${subjects.map(({ name }) => name).join(', ')} …`);
  const answers = join(folder, 'answers');
  mkdirSync(answers, { recursive: true });
  const results = await measure(task, subjects, { picture, answers, extension: extension(task), warmUps: WARM_UPS, rounds, env });
  const answered = results.filter(({ error }) => !error);
  if (!task.moves) {
    const marks = await scores(picture, answered.map(({ answer }) => answer), env);
    answered.forEach((result, index) => (result.score = marks[index]));
  }
  return rowsOf(task, subjects, results);
}

/** The peers are a package of their own, so that nobody who only runs Lenslet has to install them. */
async function installPeers(env) {
  const cwd = join(root, 'benches');
  const stamp = join(cwd, 'node_modules', '.stamp');
  const hash = hashOf([join(cwd, 'package-lock.json')]);
  if (stampIs(stamp, hash)) return;
  tell('Installing those Lenslet is measured against …');
  await run('npm', ['ci', '--loglevel=error'], { cwd, env });
  setStamp(stamp, hash);
}

function publish(rows, notes) {
  const text = `${markdown(rows)}\n\n${notes.join('; ')}.\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(join(folder, 'report.md'), text);
  process.stdout.write(`\n${text}`);
}

function choose(list, names, flag) {
  if (!names) return list;
  return names.split(',').map((name) => {
    const found = list.find((one) => one.name === name);
    if (!found) throw new Stop(`${flag} ${name}: there is only ${list.map((one) => one.name).join(', ')}.`);
    return found;
  });
}

const nodeVersion = () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;

const machine = () => `${cpus()[0]?.model.trim()} × ${availableParallelism()}`;

const load = () => loadavg()[0].toFixed(1);

/** Progress; stdout is for the table. */
const tell = (text) => console.error(text);

onInterrupt();
await main(async () => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const common = { only: text, help: flag };
  const options = { pictures: text, rounds: text, subjects: text, panic: text, against: text, built: flag, count: text, databases: text, debug: flag, publish: flag, ...common };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(HELP);
  if (positionals.join() === 'curves') return benchCurves(values);
  if (positionals.join() === 'levels') return benchLevels(values);
  if (positionals.join() === 'graphics') return benchGraphics();
  if (positionals.join() === 'origin') return benchTheOrigin(values);
  if (positionals.length) throw new Stop(`${positionals.join(' ')} is not measured here; --help says what is.`);
  await bench(values);
});
