// The programs of the workspace: built here and nowhere else, because cargo builds what they share anew for every other choice
// of packages and targets.

import { join } from 'node:path';
import { root, target } from './paths.mjs';
import { run } from './run.mjs';

const inDebug = (name) => join(target, 'debug', name);

/** The command line, once `buildPrograms` or `buildCommandLine` has ended. */
export const lenslet = inDebug('lenslet');
/** These once `buildPrograms` has. */
export const lensletOrigin = inDebug('lenslet-origin');
export const sampleMaker = inDebug(join('examples', 'make_samples'));

/** With the examples: what tests and examples need beside their crate gives that other features, and so `cargo test` has built these. */
const PROGRAMS = ['--workspace', '--bins', '--examples'];
/** For who deploys the Worker, and has no use for the origin. `npm test` has built all the others already. */
const COMMAND_LINE = process.env.LENSLET_TESTING === '1' ? PROGRAMS : ['--package', 'lenslet-cli'];

let programs;
/** Builds all of them, unless they are there as they are now, and shows its progress. */
export function buildPrograms(env) {
  programs ??= build(PROGRAMS, env);
  return programs;
}

/** Builds the command line likewise, quietly. */
export const buildCommandLine = (env) => build(['--quiet', ...COMMAND_LINE], env);

const build = (options, env) => run('cargo', ['build', '--locked', ...options], { cwd: root, env });
