// `npm run policy check`: whether the Worker would start with the configuration, before anybody deploys it.
//
// It is also a part of wrangler's build command, so that no `wrangler deploy` gets past it, and quick when nothing
// changed since it was last good.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, target } from './lib/paths.mjs';
import { buildCommandLine, lenslet } from './lib/programs.mjs';
import { Stop, environment, main, onInterrupt, say, start } from './lib/run.mjs';
import { hashOf, setStamp, stampIs } from './lib/stamp.mjs';
import { ensureStable, requireRust } from './lib/tools.mjs';

const HELP = `Checks the settings in wrangler.toml, and in .dev.vars where that is, as the Worker does when it starts.

  npm run policy check [-- <options>]

  --env <name>         only this environment; without it, all that there are
  --config <file>      another file than wrangler.toml
  --vars <file>        another file than .dev.vars
  --var <NAME:value>   a setting that wins over those in files

What is wrong is told with its file, line and column, and the exit code is 1. npm run deploy and every build of the
Worker do the same first.`;

/** What the answer follows from, beside the settings. */
const INPUTS = ['src', 'cli', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'scripts/policy.mjs'];

/** Checks what would be deployed from here, unless it is what was good the last time. */
export async function checkPolicy() {
  const settings = readdirSync(root).filter((name) => name === 'wrangler.toml' || name.startsWith('.dev.vars'));
  const stamp = join(target, 'lenslet', 'policy.stamp');
  const hash = hashOf([...settings, ...INPUTS].map((path) => join(root, path)));
  if (stampIs(stamp, hash)) return;
  if (!(await policy(['check']))) throw new Stop('The configuration cannot be used, so nothing was built. `npm run policy check` looks again.');
  setStamp(stamp, hash);
}

/** Runs the command line's `policy`; answers whether it found nothing wrong. */
async function policy(args) {
  await requireRust();
  await ensureStable();
  const env = environment();
  await buildCommandLine(env);
  const { code } = await start(lenslet, ['policy', ...args], { cwd: root, env }).closed;
  return code === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  onInterrupt();
  await main(async () => {
    const args = process.argv.slice(2);
    if (args.length === 0 || args.includes('--help')) return say(HELP);
    if (!(await policy(args))) process.exitCode = 1;
  });
}
