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

const HELP = `Builds the Worker into build/.

  npm run build [-- --panic unwind|abort] [-- --names] [-- --out <folder>]

  --panic unwind  (default) a panic answers 500 and leaves the other requests alone; needs the nightly
  --panic abort   a panic ends the instance with all its requests; stable Rust; for comparison
  --names         keep the names of functions, for profiles and stacks: 5 % more to send
  --out <folder>  build there instead, relative to the project

LENSLET_PANIC is the same as --panic, LENSLET_NIGHTLY replaces the pinned nightly.`;

/** What the Worker is made from. */
const INPUTS = [
  ...['src', 'Cargo.toml', 'Cargo.lock', '.cargo', 'rust-toolchain.toml'],
  ...['scripts/build.mjs', 'scripts/lib/tools.mjs', 'scripts/lib/wasm.mjs', 'scripts/lib/dated-nightly.sh'],
].map((path) => join(root, path));

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
export async function build({ panic = process.env.LENSLET_PANIC || 'unwind', names = false, out = 'build' } = {}) {
  if (!['unwind', 'abort'].includes(panic)) throw new Stop(`The Worker can unwind or abort on a panic, not "${panic}".`);
  const unwinding = panic === 'unwind';
  const stamp = join(target, 'lenslet', `${out.replaceAll(/[^\w.-]/g, '_')}.stamp`);
  const hash = hashOf(INPUTS, [panic, names, nightly, pins]);
  const there = ['index.js', 'index_bg.wasm'].every((file) => existsSync(join(root, out, file)));
  if (there && stampIs(stamp, hash)) return false;

  await setUp({ unwinding });
  say(`Building the Worker (panic=${panic}) …`);
  const started = Date.now();
  const env = toolEnvironment(unwinding ? await unwindingEnvironment() : {});
  const flags = unwinding ? ['--panic-unwind'] : [];
  await run('worker-build', ['--release', ...flags, '--out-dir', out, '--', '--locked'], { cwd: root, env });
  if (!names) forgetNames(join(root, out, 'index_bg.wasm'));
  const module = join(root, out, 'index.js');
  writeFileSync(module, BEFORE + readFileSync(module, 'utf8') + BEHIND);
  // The hash from before the build: a file saved meanwhile is built next time.
  setStamp(stamp, hash);
  say(`The Worker is built in ${Math.round((Date.now() - started) / 1000)} s: ${sizes(join(root, out))}`);
  return true;
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
    LENSLET_NIGHTLY: nightly,
    LENSLET_PATH: env.PATH,
    PATH: `${folder}:${env.PATH}`,
  };
}

function sizes(folder) {
  const size = (...files) => {
    const bytes = files.map((file) => readFileSync(join(folder, file)));
    const sum = (numbers) => (numbers.reduce((a, b) => a + b) / 1000).toFixed(0);
    return `${sum(bytes.map((b) => b.length))} KB, ${sum(bytes.map((b) => gzipSync(b).length))} KB gzipped`;
  };
  return `wasm ${size('index_bg.wasm')}; all of it ${size('index_bg.wasm', 'index.js')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  onInterrupt();
  await main(async () => {
    const { values } = parseArgs({ options: { panic: { type: 'string' }, names: { type: 'boolean' }, out: { type: 'string' }, help: { type: 'boolean' } } });
    if (values.help) return say(HELP);
    await checkPolicy();
    const { help, ...options } = values;
    if (!(await build(options))) say('The Worker is up to date.');
  });
}
