// `npm run fuzz`: lets one fuzz target run for a while, from pictures that are known to be interesting.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root, target } from './lib/paths.mjs';
import { Stop, main, onInterrupt, run, say } from './lib/run.mjs';
import { ensureFuzzer, nightly, toolEnvironment } from './lib/tools.mjs';

const startsWith = (...bytes) => (file) => bytes.every((byte, at) => byte === null || file[at] === byte);
const formats = {
  jpeg: startsWith(0xff, 0xd8, 0xff),
  png: startsWith(0x89, 0x50, 0x4e, 0x47),
  webp: startsWith(0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50),
  gif: startsWith(0x47, 0x49, 0x46, 0x38),
};

/** Every target: what it says, which files it starts from, the dictionary that knows its words, and whether it runs as it ships. */
const TARGETS = {
  ...Object.fromEntries(
    Object.entries(formats).map(([name, isIt]) => [name, { says: `${name} files are decoded`, isSeed: isIt, dictionary: name }]),
  ),
  animation: {
    says: 'all frames of files that move are made, and read by other decoders',
    isSeed: (file) => formats.gif(file) || formats.webp(file),
    dictionary: 'gif',
  },
  ...Object.fromEntries(['jpeg', 'png', 'webp'].map((name) => [`${name}_encode`, { says: `what is written as ${name} is what another decoder reads` }])),
  palette: { says: 'pictures of any pixels become PNGs with palettes, and GIFs' },
  avif_encode: { says: 'drawings become AV1, and another decoder agrees', isSeed: (file) => file.length > 3 },
  svg: { says: 'drawings are made safe and drawn, within what they are said to cost', isSeed: (file) => file.includes('<svg') },
  // What fonts say is added up as it comes, and may overflow: every index is checked, and no sum.
  text: { says: 'texts are written with any font, within bounds, or refused', isSeed: startsWith(0, 1, 0, 0), asShipped: true },
  probe: { says: 'headers of all formats are read', isSeed: (file) => Object.values(formats).some((isIt) => isIt(file)) },
  recipe: { says: 'options of a URL are parsed and printed' },
  grant: { says: 'keys, tokens, signed URLs and policies are read, and nothing is forged', isSeed: startsWith(0x7b), dictionary: 'json' },
};

const HELP = `Runs a fuzz target of fuzz/targets, which ends with a failure when it has found something.

  npm run fuzz -- <target> [<options>]

${Object.entries(TARGETS).map(([name, { says }]) => `  ${name.padEnd(12)} ${says}`).join('\n')}

  --seconds <n>      how long, default 60
  --input <file>     only this file, which was found earlier
  --address          look for misused memory, too, at half the speed

It starts from tests/hostile and tests/fonts, from ../shared/corpus where that is, and from what was interesting before, which is
kept in target/fuzz. A find is written to target/fuzz/found: make it a file of tests/hostile/found.`;

const folder = join(target, 'fuzz');
const corpus = join(root, '..', 'shared', 'corpus');

/** Larger seeds take longer than they are worth. */
const LARGEST_SEED_BYTES = 64 << 10;

/** A file on which a target takes so long is a find, and so is what holds so much. */
const LIMITS = ['-timeout=10', '-rss_limit_mb=2048', `-max_len=${LARGEST_SEED_BYTES}`];

async function fuzz(name, { seconds = '60', input, address }) {
  const limit = Number(seconds);
  if (!(Number.isInteger(limit) && limit > 0)) throw new Stop(`--seconds ${seconds} is no number of seconds.`);
  await ensureFuzzer();
  const found = join(folder, 'found', name);
  const kept = join(folder, 'kept', name);
  for (const path of [found, kept]) mkdirSync(path, { recursive: true });
  const paths = input ? [input] : [kept, gatherSeeds(name)];
  const options = [`-artifact_prefix=${found}/`, `-max_total_time=${limit}`, '-print_final_stats=1', ...LIMITS, ...dictionary(name)];
  const sanitizer = ['--sanitizer', address ? 'address' : 'none'];
  // Tracing comparisons takes four fifths of the time where every bit of a code is one; seeds and dictionaries know the
  // words that it would find.
  const build = [...(TARGETS[name].asShipped ? ['--release'] : []), '--no-trace-compares', '--fuzz-dir', join(root, 'fuzz'), '--target-dir', join(folder, 'build'), ...sanitizer];
  await run('cargo', [`+${nightly}`, 'fuzz', 'run', ...build, name, ...paths, '--', ...options], { cwd: root, env: toolEnvironment() });
}

/** Copies of all files that a target can start from. */
function gatherSeeds(name) {
  const seeds = join(folder, 'seeds', name);
  rmSync(seeds, { recursive: true, force: true });
  mkdirSync(seeds, { recursive: true });
  if (!existsSync(corpus)) say(`There is no ${relative(root, corpus)}: only the project’s own files are started from.`);
  const all = name === 'recipe' ? recipes() : files(TARGETS[name].isSeed ?? (() => true));
  all.forEach((bytes, index) => writeFileSync(join(seeds, String(index)), bytes));
  say(`${all.length} files to start from.`);
  return seeds;
}

function files(isSeed) {
  const paths = [join(root, 'tests', 'hostile'), join(root, 'tests', 'fonts'), corpus].filter(existsSync).flatMap((path) =>
    readdirSync(path, { recursive: true }).map((name) => join(path, name)),
  );
  const small = paths.map((path) => [path, statSync(path)]).filter(([, stat]) => stat.isFile() && stat.size <= LARGEST_SEED_BYTES);
  return small.map(([path]) => readFileSync(path)).filter(isSeed);
}

/** The options that the README and the tests speak of. */
function recipes() {
  const tests = readdirSync(join(root, 'tests'), { recursive: true }).filter((name) => /\.(rs|mjs)$/.test(name));
  const paths = ['README.md', ...tests.map((name) => join('tests', name))];
  const text = paths.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  return [...new Set(text.match(/\b[a-z][a-z0-9.]*=[^\s`'"|/<>]+/g))].map((recipe) => Buffer.from(recipe));
}

function dictionary(name) {
  const path = join(corpus, 'fuzz-dicts', 'dictionaries', `${TARGETS[name].dictionary}.dict`);
  return existsSync(path) ? [`-dict=${path}`] : [];
}

onInterrupt();
await main(async () => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const options = { seconds: text, input: text, address: flag, help: flag };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return say(HELP);
  const [name, ...more] = positionals;
  if (!TARGETS[name] || more.length > 0) throw new Stop(`Name one target: ${Object.keys(TARGETS).join(', ')} (--help says more).`);
  await fuzz(name, values);
});
