// The Worker: Rust → build/index.js and build/index_bg.wasm.
//
// It is also wrangler's build command, so it runs before every `wrangler dev`, `deploy` and test
// harness; it has to be quick when nothing changed, and it does its own set-up when it has work to do.
// A configuration that the Worker would not start with stops it.

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { root, target } from './lib/paths.mjs';
import { Stop, ask, main, onInterrupt, run, say } from './lib/run.mjs';
import { hashOf, setStamp, stampIs } from './lib/stamp.mjs';
import { nightly, pins, toolEnvironment } from './lib/tools.mjs';
import { withoutCustomSections } from './lib/wasm.mjs';
import { checkPolicy } from './policy.mjs';
import { setUp } from './setup.mjs';

/**
 * How large all of the Worker may be, gzipped. Neither may grow. The aims are 1,100, which it keeps without texts and what SVG and filters by
 * name take, and 500; README says what is in the way.
 */
const MOST_KB = { whole: 1_620, lean: 920 };

/** What may be left out. */
const FEATURES = JSON.parse(readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^default = (\[.*\])$/m)[1]);

const HELP = `Builds the Worker into build/.

  npm run build [-- --lean | --without <features>] [-- --panic unwind|abort] [-- --names] [-- --out <folder>] [-- --check]

  --lean          without any of ${FEATURES.join(', ')}: what needs one answers 501, and auto is WebP
  --without <…>   without these of them, separated by commas

  --panic unwind  (default) a panic answers 500 and leaves the other requests alone; needs the nightly
  --panic abort   a panic ends the instance with all its requests; stable Rust; for comparison
  --names         keep the names of functions, for profiles and stacks: 5 % more to send
  --out <folder>  build there instead, relative to the project
  --check         fail where it is larger than it may be: ${MOST_KB.whole} KB gzipped, ${MOST_KB.lean} KB lean

LENSLET_PANIC is the same as --panic, LENSLET_LEAN=1 as --lean (for \`npm run deploy\`, too), LENSLET_NIGHTLY replaces the pinned nightly.`;

/** What the Worker is made from. */
const INPUTS = [
  ...['src', 'Cargo.toml', 'Cargo.lock', '.cargo', 'rust-toolchain.toml'],
  ...['scripts/build.mjs', 'scripts/lib/tools.mjs', 'scripts/lib/wasm.mjs', 'scripts/lib/dated-nightly.sh'],
].map((path) => join(root, path));

const isLean = process.env.LENSLET_LEAN === '1';

/** What is uploaded of it. */
const FILES = ['index.js', 'index_bg.wasm'];

/** What others wrote that runs a few times per request and holds no pixel loop: it is made small, not fast. */
const SMALL = [
  ...['base64', 'csscolorparser', 'futures-util', 'http', 'httpdate', 'ipnet', 'js-sys', 'jwt-compact', 'percent-encoding'],
  ...['serde', 'serde_core', 'serde_json', 'unicode-bidi', 'unicode-linebreak', 'unicode-script', 'wasm-bindgen', 'wasm-bindgen-futures', 'web-sys', 'worker', 'worker-sys'],
  // What reads drawings. What covers pixels (tiny-skia, tiny-skia-path) came out 20 KB larger so.
  ...['imagesize', 'kurbo', 'roxmltree', 'simplecss', 'svgtypes', 'usvg'],
  // What SVG is made safe by, with the URLs in it.
  ...['data-url', 'form_urlencoded', 'idna', 'quick-error', 'svg-hush', 'url', 'xml'],
];

/** Shaping, which a text needs once: smaller still. */
const SMALLEST = ['font-types', 'harfrust', 'read-fonts'];

const UNWINDING_FLAGS = [
  // Switches on in src what only the nightly has: an allocation failure that unwinds.
  '--cfg=lenslet_unwind',
  // The older encoding of exceptions. Node 20 refuses the newer one, and it came out 2 % larger.
  '-Cllvm-args=-wasm-use-legacy-eh',
];

/** Around the module: settings that cannot be used stop it, and with it the deploy, in words. See src/edge/mod.rs. */
const BEFORE = "import { env as __lenslet_env } from 'cloudflare:workers';\nglobalThis.__lenslet_environment = __lenslet_env;\n";
const BEHIND = `
delete globalThis.__lenslet_environment;
if (globalThis.__lenslet_refusal) throw new Error(globalThis.__lenslet_refusal);
`;

/** Builds the Worker unless it is already there; answers whether it had to. */
export async function build({ panic = process.env.LENSLET_PANIC || 'unwind', lean = isLean, without = '', names = false, out = 'build' } = {}) {
  if (!['unwind', 'abort'].includes(panic)) throw new Stop(`The Worker can unwind or abort on a panic, not "${panic}".`);
  const unwinding = panic === 'unwind';
  const left = lean ? FEATURES : without.split(',').filter(Boolean);
  // Where SVG is left out, nothing of it is drawn.
  if (left.includes('svg') && !left.includes('drawings')) left.push('drawings');
  const unknown = left.find((feature) => !FEATURES.includes(feature));
  if (unknown !== undefined) throw new Stop(`There is no "${unknown}" to leave out: there are ${FEATURES.join(', ')}.`);
  const stamp = join(target, 'lenslet', `${out.replaceAll(/[^\w.-]/g, '_')}.stamp`);
  const hash = hashOf(INPUTS, [panic, left, names, nightly, pins]);
  const there = FILES.every((file) => existsSync(join(root, out, file)));
  if (there && stampIs(stamp, hash)) return false;

  await setUp({ unwinding });
  say(`Building the Worker (panic=${panic}${left.length ? `, without ${left.join(', ')}` : ''}) …`);
  const started = Date.now();
  const env = toolEnvironment(unwinding ? await unwindingEnvironment() : {});
  const flags = unwinding ? ['--panic-unwind'] : [];
  // Of the command line's crate the features would count, too.
  const kept = FEATURES.filter((feature) => !left.includes(feature));
  const features = left.length ? ['--package', 'lenslet', '--no-default-features', '--features', kept.join()] : [];
  await run('worker-build', ['--release', ...flags, '--out-dir', out, '--', '--locked', ...features, ...sparing(unwinding)], { cwd: root, env });
  if (!names) forgetNames(join(root, out, 'index_bg.wasm'));
  const module = join(root, out, 'index.js');
  writeFileSync(module, BEFORE + readFileSync(module, 'utf8') + BEHIND);
  // The hash from before the build: a file saved meanwhile is built next time.
  setStamp(stamp, hash);
  say(`The Worker is built in ${Math.round((Date.now() - started) / 1000)} s: ${sizes(join(root, out))}`);
  return true;
}

/**
 * What makes the Worker small, as cargo's arguments: only here, because the origin shares the profile and wants to be fast.
 *
 * Of our own code, what is called from several places is copied into them up to this size (the compiler's own is 250): 4 % less
 * to send. What loops over pixels says #[inline] where it must.
 */
function sparing(unwinding) {
  const ours = unwinding ? ['profile.release.package.lenslet.rustflags=["-Cllvm-args=-inline-threshold=100"]'] : [];
  const at = (level) => (name) => `profile.release.package.${name}.opt-level="${level}"`;
  return [...ours, ...SMALL.map(at('s')), ...SMALLEST.map(at('z'))].flatMap((setting) => ['--config', setting]);
}

/** What only readers of profiles and stacks look at. The compiler must know it to the end: it unwinds by it. */
function forgetNames(module) {
  writeFileSync(module, withoutCustomSections(readFileSync(module), ['name', 'producers']));
}

/** What makes worker-build use the pinned nightly with all our flags. */
async function unwindingEnvironment() {
  const env = toolEnvironment();
  // worker-build sets RUSTFLAGS for -Cpanic=unwind and keeps what is in it, but cargo then ignores the
  // list in .cargo/config.toml. So the list is read back, by cargo itself, and handed over that way.
  const key = 'target.wasm32-unknown-unknown.rustflags';
  const args = [`+${nightly}`, '-Zunstable-options', 'config', 'get', '--format', 'json-value', key];
  const { ok, text } = await ask('cargo', args, { cwd: root, env });
  if (!ok) throw new Stop(`cargo could not read ${key} from .cargo/config.toml.`);

  const folder = join(target, 'lenslet', 'dated-nightly');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const tool of ['cargo', 'rustc', 'rustup']) symlinkSync(join(root, 'scripts/lib/dated-nightly.sh'), join(folder, tool));
  return {
    RUSTFLAGS: [...JSON.parse(text), ...UNWINDING_FLAGS].join(' '),
    // Flags for one package.
    CARGO_UNSTABLE_PROFILE_RUSTFLAGS: 'true',
    // Its sorting and printing, above all, come out much smaller so; there is little to sort.
    CARGO_UNSTABLE_BUILD_STD_FEATURES: 'panic-unwind,backtrace,default,optimize_for_size',
    LENSLET_NIGHTLY: nightly,
    LENSLET_PATH: env.PATH,
    PATH: `${folder}:${env.PATH}`,
  };
}

function sizes(folder) {
  const size = (...files) => `${kilobytes(folder, files).toFixed(0)} KB, ${kilobytes(folder, files, gzipSync).toFixed(0)} KB gzipped`;
  return `wasm ${size('index_bg.wasm')}; all of it ${size(...FILES)}`;
}

function kilobytes(folder, files, packed = (bytes) => bytes) {
  return files.reduce((sum, file) => sum + packed(readFileSync(join(folder, file))).length, 0) / 1000;
}

/** Stops where the Worker of a folder is larger than it may be. */
function checkSize(folder, most) {
  const size = kilobytes(folder, FILES, gzipSync);
  const said = `${size.toFixed(0)} KB gzipped, of ${most} at most.`;
  if (size > most) throw new Stop(`The Worker is too large: ${said}`);
  say(`The Worker is ${said}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  onInterrupt();
  await main(async () => {
    const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
    const { values } = parseArgs({ options: { panic: text, lean: flag, without: text, names: flag, out: text, check: flag, help: flag } });
    const { help, check, ...options } = values;
    if (help) return say(HELP);
    await checkPolicy();
    if (!(await build(options))) say('The Worker is up to date.');
    if (check) checkSize(join(root, options.out ?? 'build'), (options.lean ?? isLean) ? MOST_KB.lean : MOST_KB.whole);
  });
}
