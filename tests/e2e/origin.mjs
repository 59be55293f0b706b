// The origin as a process: built, started on a port of its own, asked, killed and started again.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { originVariables } from '../../scripts/lib/local.mjs';
import { buildPrograms, lensletOrigin } from '../../scripts/lib/programs.mjs';
import { toolEnvironment } from '../../scripts/lib/tools.mjs';
import { signToken, tokenKey } from './grants.mjs';

/** All that there is to be allowed. */
export const ALL_SCOPES = 'images:read images:write images:private admin';

const PATIENCE_MS = 20_000;

/**
 * An origin with a catalog and objects in a folder of its own, unless `settings` (by their names, without LENSLET_ORIGIN_) say
 * otherwise. Answers `{ url, folder, token, ask, json, kill, start, pid, log, close }`; it is the same one again after `start`.
 */
export async function startOrigin(settings = {}, { binary } = {}) {
  if (!binary) await buildPrograms(toolEnvironment());
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-origin-'));
  const key = tokenKey('tests');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const variables = originVariables({
    ADDR: `127.0.0.1:${port}`,
    DATABASE: `sqlite:${join(folder, 'catalog.sqlite')}`,
    STORE: `file:${join(folder, 'objects')}`,
    TOKEN_KEYS: JSON.stringify({ keys: [key.jwk] }),
    ...settings,
  });
  const log = [];
  let child;
  let ended;

  const end = () => child?.kill('SIGKILL');
  process.on('exit', end);
  const kill = async (signal = 'SIGKILL') => {
    child.kill(signal);
    await ended;
  };
  const start = async () => {
    child = spawn(binary ?? lensletOrigin, [], { cwd: folder, env: { PATH: process.env.PATH, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
    ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => log.splice(0, Math.max(0, log.push(line) - 2000)));
    await healthy(url, child, log);
  };
  const token = (claims = {}) => signToken(key, { iss: 'tests', aud: 'origin', sub: 'tester', exp: Math.floor(Date.now() / 1000) + 3600, scope: ALL_SCOPES, ...claims });
  const standing = token();
  const ask = (method, path, { body, headers, bearer = standing } = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const json = async (method, path, options) => {
    const response = await ask(method, path, options);
    const text = await response.text();
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), { status: response.status });
    return text ? JSON.parse(text) : undefined;
  };
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
    process.off('exit', end);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return { url, folder, token, ask, json, kill, start, close, log, get pid() { return child.pid; } };
}

async function healthy(url, child, log) {
  for (const deadline = Date.now() + PATIENCE_MS; ; await wait(25)) {
    try {
      if ((await fetch(`${url}/healthz`)).ok) return;
    } catch {
      // Not yet.
    }
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || Date.now() > deadline) throw new Error(`the origin does not start:\n${log.slice(-20).join('\n')}`);
  }
}

/** A port that was free a moment ago; presigned URLs must say it before anybody listens. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const TYPES = { jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' };

/** What announces a file. */
export const announcement = (name, bytes, more = {}) => ({
  name,
  size_bytes: bytes.length,
  media_type: TYPES[name.split('.').pop()],
  sha256: sha256(bytes),
  ...more,
});

/** Puts bytes by a presigned request. */
export const putPresigned = ({ url, headers }, bytes) => {
  // Node writes it itself.
  const { 'content-length': _, ...rest } = headers;
  return fetch(url, { method: 'PUT', headers: rest, body: bytes });
};

/** Uploads a file by the presigned request; answers the upload as `complete` left it. */
export async function upload(origin, name, bytes, more) {
  const begun = await origin.json('POST', '/v1/uploads', { body: announcement(name, bytes, more) });
  const put = await putPresigned(begun.put, bytes);
  if (!put.ok) throw new Error(`PUT ${name}: ${put.status} ${await put.text()}`);
  return origin.json('POST', `/v1/uploads/${begun.id}/complete`);
}

/** The upload once it was looked at. */
export async function looked(origin, id) {
  for (const deadline = Date.now() + 60_000; ; ) {
    const upload = await origin.json('GET', `/v1/uploads/${id}?wait_seconds=10`);
    if (!['pending', 'received'].includes(upload.state)) return upload;
    if (Date.now() > deadline) throw new Error(`upload ${id} is still ${upload.state}:\n${origin.log.slice(-20).join('\n')}`);
  }
}

/** The most memory that a process had, in bytes. */
export function peakMemory(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmHWM:\s+(\d+) kB$/m) ?? [];
  return Number(kilobytes) * 1024;
}
