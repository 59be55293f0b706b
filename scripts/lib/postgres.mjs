// PostgreSQL as the tests ask it: Debian's, on this machine alone, without privileges, in a folder that goes with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Stop } from './run.mjs';

/** Where Debian puts them: not on the PATH, since several versions may stand side by side. */
const DEBIAN = '/usr/lib/postgresql';
/** Who runs it where we are root, which it refuses to run as. */
const NOBODY = 65_534;
const PATIENCE_MS = 30_000;

/** What it is run with: nothing here must outlive a loss of power, and every test opens connections of its own. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 400,
  shared_buffers: '64MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  logging_collector: 'off',
};

/** The folder of its programs; null where there is none. */
export function findPostgres() {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...debian.map((version) => join(DEBIAN, version, 'bin'))];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => isProgram(join(folder, name)))) ?? null;
}

/** Says what is missing, or null. */
export function noPostgres() {
  if (findPostgres()) return null;
  return 'PostgreSQL is not installed, so the origin was tested on SQLite only (Debian: apt-get install postgresql).';
}

/** An empty server, started in a second or two, with other settings if they are given. Answers `{ url, close }`. */
export async function startPostgres(settings = {}) {
  const programs = findPostgres();
  if (!programs) throw new Stop('PostgreSQL is not installed (Debian: apt-get install postgresql).');
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-postgres-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const options = { cwd: folder, env: { HOME: folder, TMPDIR: folder, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'], ...(isRoot && { uid: NOBODY, gid: NOBODY }) };
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    await initialise(join(programs, 'initdb'), join(folder, 'data'), options);
    return await serve(join(programs, 'postgres'), join(folder, 'data'), { ...SETTINGS, ...settings }, options, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function initialise(initdb, data, options) {
  const child = spawn(initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'], options);
  const lines = kept(child);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Stop(`initdb failed:\n${lines.join('')}`);
}

async function serve(postgres, data, settings, options, remove) {
  const port = await freePort();
  const given = Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', data, ...given], options);
  const lines = kept(child);
  const closed = once(child, 'close');
  // "Immediate": it ends at once, takes its children with it, and leaves no shared memory behind.
  const end = () => child.kill('SIGQUIT');
  const atExit = () => {
    end();
    remove();
  };
  process.on('exit', atExit);
  const close = async () => {
    end();
    await closed;
    process.off('exit', atExit);
    remove();
  };
  try {
    await ready(child, lines);
    return { url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The last lines of what it says. */
function kept(child) {
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => lines.splice(0, Math.max(0, lines.push(text) - 50)));
  }
  child.on('error', (error) => lines.push(error.message));
  return lines;
}

async function ready(child, lines) {
  const began = performance.now();
  while (!lines.some((text) => text.includes('ready to accept connections'))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (hasEnded || performance.now() - began > PATIENCE_MS) throw new Stop(`PostgreSQL does not start:\n${lines.join('')}`);
    await wait(50);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
