// `npm test`: everything that has to hold, in named steps, with a summary at the end. CI runs exactly this.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { findChromium } from './lib/chromium.mjs';
import { npmBin, root, target } from './lib/paths.mjs';
import { noPostgres, startPostgres } from './lib/postgres.mjs';
import { Stop, ask, main, onInterrupt, say, start } from './lib/run.mjs';
import { ensureServer } from './lib/servers.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { setUp } from './setup.mjs';

const WASM = ['--package', 'lenslet', '--target', 'wasm32-unknown-unknown'];
const STRICT = ['--', '-D', 'warnings'];

/**
 * In the order in which they run: what answers soonest first. `needs` is a step that must have succeeded, `beside` starts what it asks,
 * `during` is the step with which it begins, because either keeps no more than one core busy for long; its output follows then.
 */
const STEPS = [
  { name: 'fmt', says: 'the Rust code is formatted', command: ['cargo', 'fmt', '--all', '--check'] },
  { name: 'fmt-fuzz', says: 'and so are the fuzz targets', command: ['cargo', 'fmt', '--check', '--manifest-path', 'fuzz/Cargo.toml'] },
  { name: 'clippy', says: 'no lint on the host', command: ['cargo', 'clippy', '--locked', '--workspace', '--all-targets', ...STRICT] },
  // What is left out leaves nothing unused behind.
  { name: 'clippy-lean', says: 'no lint without what may be left out', command: ['cargo', 'clippy', '--locked', ...WASM, '--lib', '--no-default-features', ...STRICT] },
  { name: 'clippy-wasm', says: 'no lint on wasm32', command: ['cargo', 'clippy', '--locked', ...WASM, '--lib', '--tests', ...STRICT] },
  // A workspace of its own, which stable can check: only running them takes the nightly.
  { name: 'fuzz', says: 'the fuzz targets compile', command: ['cargo', 'clippy', '--locked', '--no-deps', '--target-dir', 'target', '--manifest-path', 'fuzz/Cargo.toml', ...STRICT] },
  {
    name: 'docs',
    says: 'the documentation builds without a warning',
    command: ['cargo', 'doc', '--locked', '--workspace', '--no-deps', '--document-private-items'],
    env: { RUSTDOCFLAGS: '-D warnings' },
  },
  // Not the advisories: they are fetched from where a machine may not reach, and change without a commit.
  { name: 'deny', says: 'licences, bans and sources', command: ['cargo', 'deny', 'check', 'licenses', 'bans', 'sources'], unless: noCargoDeny },
  { name: 'native', says: 'tests on the host', command: ['cargo', 'test', '--locked', '--workspace', '--no-fail-fast'], counts: cargoCounts },
  {
    name: 'postgres',
    says: 'the origin once more, on PostgreSQL',
    // Of the whole workspace, or its dependencies would be built anew with fewer features.
    command: ['cargo', 'test', '--locked', '--workspace', '--no-fail-fast', ...originTests()],
    beside: postgres,
    counts: cargoCounts,
    unless: noPostgres,
  },
  { name: 'wasm', says: 'tests as wasm in Node', command: ['cargo', 'test', '--locked', ...WASM, '--no-fail-fast'], counts: cargoCounts },
  { name: 'build', says: 'the Worker, and how large it is', during: 'wasm', command: [npmBin('node'), 'scripts/build.mjs', '--check'] },
  {
    name: 'deploy',
    says: 'wrangler would deploy it',
    needs: 'build',
    command: [npmBin('wrangler'), 'deploy', '--dry-run', '--outdir', 'target/deploy'],
  },
  {
    name: 'e2e',
    says: 'the built Worker in workerd',
    needs: 'build',
    command: [npmBin('node'), '--test', '--test-reporter=spec', ...testFiles()],
    counts: nodeCounts,
  },
];

const HELP = `Runs all checks and tests, and ends with a summary and "N passed, N failed".

  npm test [-- --only <step>[,<step>…]]

${STEPS.map(({ name, says }) => `  ${name.padEnd(12)} ${says}`).join('\n')}`;

async function testAll(only) {
  await setUp();
  const notes = join(target, 'lenslet', 'notes.txt');
  mkdirSync(join(target, 'lenslet'), { recursive: true });
  // Tests append what they could not do for want of something: what is not run is said, not hidden.
  writeFileSync(notes, '');
  const env = toolEnvironment({ LENSLET_NOTES: notes, LENSLET_TESTING: '1', ...colours() });
  const said = [];
  if (only.has('e2e')) {
    const { path, note } = await findChromium(env);
    if (path) env.LENSLET_CHROMIUM = path;
    if (note) said.push(note);
    await ensureServer('seaweed');
  }

  const results = [];
  const steps = STEPS.filter(({ name }) => only.has(name));
  const begun = new Map();
  for (const step of steps) {
    for (const other of steps.filter(({ during }) => during === step.name)) begun.set(other, later((show) => attempt(other, results, env, said, show)));
    results.push(await (begun.get(step)?.() ?? attempt(step, results, env, said, SHOWN)));
  }
  const lines = readFileSync(notes, 'utf8').split('\n').filter(Boolean);
  return summary(results, [...said, ...new Set(lines)]);
}

/** What shows at once. */
const SHOWN = { say, out: (part) => process.stdout.write(part), err: (part) => process.stderr.write(part) };

/** Begins what shows something; its outcome is had by a call, which shows all of that. */
function later(begin) {
  const kept = [];
  const keep = (way) => (part) => kept.push(() => SHOWN[way](part));
  const ended = begin({ say: keep('say'), out: keep('out'), err: keep('err') });
  return async () => {
    const outcome = await ended;
    kept.forEach((show) => show());
    return outcome;
  };
}

async function attempt(step, results, env, said, show) {
  const result = { name: step.name, outcome: 'ok', seconds: 0, passed: 0, failed: 0, ignored: 0 };
  const absent = await step.unless?.(env);
  if (absent) {
    said.push(absent);
    return { ...result, outcome: 'not run' };
  }
  if (results.some(({ name, outcome }) => name === step.needs && outcome !== 'ok')) {
    said.push(`${step.name} was not run, because ${step.needs} failed.`);
    return { ...result, outcome: 'not run', failed: 1 };
  }

  show.say(`\n── ${step.name}: ${step.says}`);
  const started = performance.now();
  const { ok, text } = await runBeside(step, { ...env, ...step.env }, show);
  const counts = step.counts?.(text);
  const wrong = !ok || (step.counts && counts.passed === 0);
  return {
    ...result,
    ...counts,
    // A step that failed without a failing test (a lint, a crash, no test at all) is one failure.
    failed: Math.max(counts?.failed ?? 0, wrong ? 1 : 0),
    outcome: wrong ? 'FAILED' : 'ok',
    seconds: (performance.now() - started) / 1000,
  };
}

/** Runs a step's command, with the server that it asks beside it, if it asks one. */
async function runBeside(step, env, show) {
  const server = await step.beside?.();
  try {
    return await watch(step.command, { ...env, ...server?.env }, show);
  } finally {
    await server?.close();
  }
}

/** Runs a command with its output both shown and kept. */
async function watch([command, ...args], env, show) {
  const child = start(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const [from, to] of [[child.stdout, show.out], [child.stderr, show.err]]) {
    from.setEncoding('utf8').on('data', (part) => {
      text += part;
      to(part);
    });
  }
  const { code, error } = await child.closed;
  if (error) show.say(`${command} could not be started: ${error.message}`);
  return { ok: code === 0, text: stripVTControlCharacters(text) };
}

// What we read is a pipe, so the programs would not colour what a person is looking at.
const colours = () => (process.stdout.isTTY ? { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' } : {});

/** The sums of cargo's closing lines, one for each test binary; the wasm runner prints the same. */
function cargoCounts(text) {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.ignored += Number(ignored);
  }
  return counts;
}

/** The closing lines of Node's runner. */
function nodeCounts(text) {
  const of = (word) => Number(text.match(new RegExp(`^(?:ℹ|#) ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { passed: of('pass'), failed: of('fail') + of('cancelled'), ignored: of('skipped') + of('todo') };
}

/** The origin's test programs, as cargo's arguments. */
function originTests() {
  const files = readdirSync(join(root, 'origin', 'tests')).filter((name) => name.endsWith('.rs'));
  return files.sort().flatMap((name) => ['--test', name.slice(0, -'.rs'.length)]);
}

function testFiles() {
  const folder = join(root, 'tests');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => join('tests', name));
}

async function postgres() {
  const { url, close } = await startPostgres();
  return { env: { TEST_DATABASE_URL: url }, close };
}

async function noCargoDeny(env) {
  if ((await ask('cargo', ['deny', '--version'], { env })).ok) return null;
  return 'cargo-deny is not installed, so licences were not checked (cargo install --locked cargo-deny).';
}

/** Prints the summary; answers whether everything held. */
function summary(results, notes) {
  say('\n── summary');
  for (const { name, outcome, seconds, passed, failed, ignored } of results) {
    const tests = passed + ignored ? `${passed} passed, ${failed} failed${ignored ? `, ${ignored} ignored` : ''}` : '';
    say(`${name.padEnd(12)} ${outcome.padEnd(8)} ${seconds.toFixed(1).padStart(7)} s  ${tests}`.trimEnd());
  }
  for (const note of notes) say(`note: ${note}`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  say(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0;
}

function chosen(text) {
  const names = STEPS.map(({ name }) => name);
  if (text === undefined) return new Set(names);
  const only = text.split(',');
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Stop(`There is no step "${unknown}": they are ${names.join(', ')}.`);
  // With all that they need.
  return new Set(only.flatMap((name) => [name, STEPS.find((step) => step.name === name).needs ?? name]));
}

onInterrupt();
await main(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return say(HELP);
  if (!(await testAll(chosen(values.only)))) process.exitCode = 1;
});
