// The tools this project is built with, at the versions it pins, and how to get each of them.
//
// Only package registries are asked: crates.io, npm, PyPI, and rustup's own server.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmBin, root, toolsFolder } from './paths.mjs';
import { Stop, ask, environment, run, say } from './run.mjs';

const WASM = 'wasm32-unknown-unknown';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The stable toolchain: rust-toolchain.toml is the one place that names it. */
export const channel = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8').match(/^channel = "(.+)"$/m)[1];

/** The nightly of the unwinding Worker: std has to be rebuilt for it, which stable cannot do. */
export const nightly = process.env.LENSLET_NIGHTLY || manifest.lenslet.nightly;

/** Every pinned version that has a part in the built Worker. */
const { binaryen, esbuild } = manifest.devDependencies;
const { 'cargo-fuzz': _, ...parts } = manifest.lenslet;
export const pins = { ...parts, binaryen, esbuild };

const cargoTool = (name) => {
  const version = manifest.lenslet[name];
  return { name, version, folder: join(toolsFolder(), `${name}-${version}`) };
};
const wasmBindgen = cargoTool('wasm-bindgen-cli');
const workerBuild = cargoTool('worker-build');
const cargoFuzz = cargoTool('cargo-fuzz');

/** The environment in which every tool is the pinned one and nothing is downloaded behind our back. */
export function toolEnvironment(extra = {}) {
  const bindgen = join(wasmBindgen.folder, 'bin');
  const cargoTools = [workerBuild, cargoFuzz].map(({ folder }) => join(folder, 'bin'));
  const folders = [join(root, 'node_modules', '.bin'), bindgen, ...cargoTools];
  return environment(folders, {
    // worker-build downloads each of these three from a release page unless told where it is.
    WASM_BINDGEN_BIN: join(bindgen, 'wasm-bindgen'),
    WASM_OPT_BIN: npmBin('wasm-opt'),
    ESBUILD_BIN: npmBin('esbuild'),
    // Nobody is told about anybody's use of this project.
    WRANGLER_SEND_METRICS: 'false',
    // The local Worker would ask Cloudflare where in the world it is, and warn when it cannot.
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    ...extra,
  });
}

export async function requireRust() {
  for (const tool of ['rustup', 'cargo']) {
    if ((await ask(tool, ['--version'], { env: environment() })).ok) continue;
    throw new Stop(`${tool} is missing. Install Rust with rustup (https://rustup.rs), open a new shell and try again.`);
  }
}

/** `npm ci`, unless what is installed is what the lockfile says. */
export async function ensureNodeModules() {
  if (nodeModulesMatch()) return;
  say('Installing the npm packages …');
  // npm warns that the packages want a newer Node than the user's; they get theirs from npm's `node`.
  await run('npm', ['ci', '--loglevel=error'], { cwd: root, env: environment() });
  if (!existsSync(npmBin('node'))) {
    throw new Stop('npm installed no `node`: install scripts seem to be switched off. Run `npm ci --ignore-scripts=false`.');
  }
}

function nodeModulesMatch() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed) || !existsSync(npmBin('node'))) return false;
  const packages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const have = packages(installed);
  return Object.entries(packages(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || (have[path] ? have[path].version === version : optional),
  );
}

export const ensureStable = () => ensureToolchain(channel, ['rustfmt', 'clippy']);

export async function ensureNightly() {
  try {
    await ensureToolchain(nightly, ['rust-src']);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    throw new Stop(
      `${error.message}\n${nightly} is needed for the unwinding Worker. LENSLET_NIGHTLY=<toolchain> takes another one, ` +
        'LENSLET_PANIC=abort builds with stable (a panic then ends its neighbours too).',
    );
  }
}

// Explicitly, because RUSTUP_AUTO_INSTALL=0 may be set and because `rustup toolchain install` goes
// to the network even when there is nothing to do.
async function ensureToolchain(name, components) {
  const env = environment();
  const { ok, text } = await ask('rustup', ['component', 'list', '--installed', '--toolchain', name], { env });
  const has = (part) => text.split('\n').some((line) => line.startsWith(part));
  if (ok && [...components, `rust-std-${WASM}`].every(has)) return;
  say(`Installing Rust ${name} …`);
  const parts = components.flatMap((part) => ['--component', part]);
  await run('rustup', ['toolchain', 'install', name, '--profile', 'minimal', '--no-self-update', '--target', WASM, ...parts], { env });
}

export async function ensureCargoTools() {
  for (const tool of [wasmBindgen, workerBuild]) await ensureCargoTool(tool);
}

/** What fuzzing needs and nothing else does. */
export async function ensureFuzzer() {
  await requireRust();
  await ensureNightly();
  await ensureCargoTool(cargoFuzz);
}

async function ensureCargoTool({ name, version, folder }) {
  if (existsSync(folder)) return;
  say(`Building ${name} ${version}, once for this machine (some minutes) …`);
  await installAside(folder, name, async (aside) => {
    // The folder is outside the project, so its .cargo/config.toml has no say here.
    const args = [`+${channel}`, 'install', '--locked', '--quiet', '--version', version, '--root', aside, '--no-track', name];
    await run('cargo', args, { cwd: aside, env: environment() });
  });
}

/** Has `make` fill a folder aside and renames it: a half-made tool is never seen, and two clones may do this at once. */
export async function installAside(folder, name, make) {
  mkdirSync(toolsFolder(), { recursive: true });
  const aside = mkdtempSync(join(toolsFolder(), `.${name}-`));
  try {
    await make(aside);
    renameSync(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}
