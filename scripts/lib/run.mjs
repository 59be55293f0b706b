// Running other programs: their output, their environment and their end.

import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

/** An error whose message is all that the user needs: it is printed without a stack. */
export class Stop extends Error {}

/** One plain line of progress. */
export const say = (line) => console.log(line);

const running = new Set();
let interrupted = false;

/**
 * Starts a program at the head of its own process group. A terminal's Ctrl-C then reaches only this
 * process, which ends each group in order, the grandchildren (workerd, rustc) with it.
 */
export function start(command, args, { env, cwd, stdio = 'inherit' } = {}) {
  const child = spawn(command, args, { env, cwd, stdio, detached: true });
  running.add(child);
  child.closed = new Promise((resolve) => {
    const ended = (code, signal, error) => {
      running.delete(child);
      resolve({ code, signal, error });
    };
    child.once('error', (error) => ended(null, null, error));
    child.once('close', (code, signal) => ended(code, signal));
  });
  return child;
}

/** Ends a program and everything that it started, by force after `patience` milliseconds. */
export async function end(child, patience = 5000) {
  signalGroup(child, 'SIGTERM');
  const force = setTimeout(() => signalGroup(child, 'SIGKILL'), patience);
  await child.closed;
  clearTimeout(force);
  // The leader is gone; this is for members of its group that outlived it.
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // No such group: it has already ended.
  }
}

/** Runs `cleanUp` once on Ctrl-C, SIGTERM or the end of the npm that runs us, ends every child, and exits with `code`. */
export function onInterrupt(cleanUp = () => {}, code = 130) {
  const stop = async () => {
    if (interrupted) return;
    interrupted = true;
    await cleanUp();
    await Promise.all([...running].map((child) => end(child)));
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  // Killed outright, npm tells nobody; its children would go on and keep the ports.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), 500).unref();
}

/** Runs a program to its end with its output shown; a failure is a `Stop` that says which one. */
export async function run(command, args, options = {}) {
  const { code, signal, error } = await start(command, args, options).closed;
  if (error) throw new Stop(`${command} could not be started: ${error.message}`);
  if (code !== 0) throw new Stop(`${shown(command, args)} ended with ${signal ?? `code ${code}`}`);
}

/** Runs a program quietly; answers whether it succeeded and what it printed. */
export async function ask(command, args, options = {}) {
  let text = '';
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (bytes) => (text += bytes));
  const { code } = await child.closed;
  return { ok: code === 0, text };
}

const shown = (command, args) => [command, ...args].join(' ');

// Each of these would silently replace what .cargo/config.toml and rust-toolchain.toml say:
// a Worker without its memory limit, or one built by another compiler.
const OVERRIDES = [
  'RUSTFLAGS',
  'CARGO_ENCODED_RUSTFLAGS',
  'CARGO_BUILD_RUSTFLAGS',
  'CARGO_BUILD_TARGET',
  'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS',
  'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER',
  'CARGO_TARGET_DIR',
  'CARGO_BUILD_TARGET_DIR',
  'RUSTUP_TOOLCHAIN',
];

/** This process's environment without overrides, with `folders` first on PATH. */
export function environment(folders = [], extra = {}) {
  const env = { ...process.env };
  for (const name of OVERRIDES) delete env[name];
  env.PATH = [...folders, process.env.PATH].join(delimiter);
  return { ...env, ...extra };
}

/** The entry of a script: a `Stop` is printed as a sentence, anything else with its stack. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    // Children that end because we were told to are no news, and the exit code is already decided.
    if (interrupted) return;
    console.error(error instanceof Stop ? `\n${error.message}` : error);
    process.exitCode = 1;
    await Promise.all([...running].map((child) => end(child)));
  }
}
