// All set-up of a fresh machine that has rustup, Node 20 or newer, and npm.
//
// It is part of every other command and quick when there is nothing to do. Like all scripts it may
// import only Node's own modules: npm's packages are not there before it has run.

import { fileURLToPath } from 'node:url';
import { main, onInterrupt, say } from './lib/run.mjs';
import { ensureCargoTools, ensureNightly, ensureNodeModules, ensureStable, requireRust } from './lib/tools.mjs';

/** `unwinding` is false for the Worker that aborts, which needs no nightly. */
export async function setUp({ unwinding = process.env.LENSLET_PANIC !== 'abort' } = {}) {
  await requireRust();
  await ensureNodeModules();
  await ensureStable();
  if (unwinding) await ensureNightly();
  await ensureCargoTools();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  onInterrupt();
  await main(async () => {
    await setUp();
    say('Everything is set up.');
  });
}
