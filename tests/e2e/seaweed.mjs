// SeaweedFS as a real S3 server: on this machine alone, without privileges, with everything in a folder that goes with it.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureServer } from '../../scripts/lib/servers.mjs';
import { encodedKey, signed } from './sigv4.mjs';

const REGION = 'us-east-1';
const BUCKET = 'pictures';
/** Who runs it where we are root, who should not. */
const NOBODY = 65_534;
const PATIENCE_MS = 30_000;
const ATTEMPTS = 3;

/**
 * A server with an empty bucket, started in some seconds: one is enough for a file of tests. Answers
 * `{ endpoint, region, bucket, credentials, put, delete, ask, close }`; keys are plain text.
 */
export async function startSeaweed() {
  const program = await ensureServer('seaweed');
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program);
    } catch (error) {
      // The ports were free a moment ago, and somebody else may have taken one.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function start(program) {
  const credentials = { access_key_id: `LENSLET${randomBytes(6).toString('hex').toUpperCase()}`, secret_access_key: randomBytes(30).toString('base64') };
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-seaweed-'));
  const ports = await freePorts();
  const { child, lines } = run(program, folder, ports, credentials);
  const end = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    for (const file of sockets(ports)) rmSync(file, { force: true });
  };
  process.on('exit', end);
  const closed = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await closed;
    process.off('exit', end);
    end();
  };
  const server = client({ endpoint: `http://127.0.0.1:${ports.s3}`, region: REGION, bucket: BUCKET, credentials });
  try {
    await ready(server, child, lines);
    return { ...server, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What asks a server, with these credentials unless a request brings others. */
function client(server) {
  /** One signed request for a key: a `Response`. `query` is what stands behind the question mark. */
  const ask = (method, key, { headers, body, query, credentials = server.credentials } = {}) => {
    const url = `${server.endpoint}/${server.bucket}/${encodedKey(key)}${query ? `?${query}` : ''}`;
    return fetch(url, { method, body, headers: signed({ method, url, headers, body, region: server.region, credentials }) });
  };
  const done = async (method, key, options) => {
    const response = await ask(method, key, options);
    const said = await response.text();
    if (!response.ok) throw new Error(`${method} ${key}: ${response.status} ${said}`);
    return response;
  };
  return {
    ...server,
    ask,
    /** Puts an object; answers its ETag. */
    put: async (key, bytes, headers) => (await done('PUT', key, { body: bytes, headers })).headers.get('etag'),
    delete: async (key) => void (await done('DELETE', key)),
  };
}

function run(program, folder, ports, { access_key_id: accessKey, secret_access_key: secretKey }) {
  const isRoot = process.getuid?.() === 0;
  const inside = (name) => join(folder, name);
  const identity = { name: 'tests', credentials: [{ accessKey, secretKey }], actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'] };
  writeFileSync(inside('s3.json'), JSON.stringify({ identities: [identity] }));
  if (isRoot) {
    // Nobody cannot look into the folder of tools.
    copyFileSync(program, inside('weed'));
    for (const path of [folder, inside('s3.json'), inside('weed')]) chownSync(path, NOBODY, NOBODY);
  }
  const options = { cwd: folder, env: { HOME: folder, TMPDIR: folder }, stdio: ['ignore', 'ignore', 'pipe'], ...(isRoot && { uid: NOBODY, gid: NOBODY }) };
  const child = spawn(isRoot ? inside('weed') : program, settings(folder, ports), options);
  const lines = [];
  child.stderr.setEncoding('utf8').on('data', (text) => lines.splice(0, Math.max(0, lines.push(text) - 50)));
  child.on('error', (error) => lines.push(error.message));
  return { child, lines };
}

function settings(folder, ports) {
  const inside = (name) => join(folder, name);
  return Object.entries({
    alsologtostderr: true,
    server: undefined,
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    dir: folder,
    'master.port': ports.master,
    'master.port.grpc': ports.masterGrpc,
    // It would wait for others.
    'master.peers': 'none',
    // Nobody is told about anybody's use of this project.
    'master.telemetry': false,
    'master.volumeSizeLimitMB': 64,
    'master.volumePreallocate': false,
    'volume.port': ports.volume,
    'volume.port.public': ports.volume,
    'volume.port.grpc': ports.volumeGrpc,
    'volume.max': 20,
    'filer.port': ports.filer,
    'filer.port.grpc': ports.filerGrpc,
    'filer.localSocket': inside('filer.sock'),
    s3: true,
    's3.port': ports.s3,
    's3.port.grpc': ports.s3Grpc,
    's3.localSocket': inside('s3.sock'),
    's3.config': inside('s3.json'),
    's3.iam': false,
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    // Not what keeps pictures as they are put.
    'volume.images.fix.orientation': false,
  }).map(([name, value]) => (value === undefined ? name : `-${name}=${value}`));
}

/** Sockets that it makes where nobody can choose, and leaves behind when it is killed. */
const sockets = (ports) => ['master', 'volume', 'filer', 's3'].map((name) => `/tmp/seaweedfs-${name}-grpc-${ports[`${name}Grpc`]}.sock`);

async function freePorts() {
  const names = ['master', 'masterGrpc', 'volume', 'volumeGrpc', 'filer', 'filerGrpc', 's3', 's3Grpc'];
  // All at once, or one might be given out twice.
  const servers = names.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = Object.fromEntries(servers.map((server, index) => [names[index], server.address().port]));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Waits until there is a bucket, an object can be put, and comes back. */
async function ready({ endpoint, region, bucket, credentials, put, ask, delete: remove }, child, lines) {
  const url = `${endpoint}/${bucket}`;
  const began = performance.now();
  for (;;) {
    try {
      const made = await fetch(url, { method: 'PUT', headers: signed({ method: 'PUT', url, region, credentials }) });
      await made.body?.cancel();
      await put('ready', 'yes');
      if ((await (await ask('GET', 'ready')).text()) === 'yes') return await remove('ready');
    } catch (error) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (hasEnded || performance.now() - began > PATIENCE_MS) throw new Error(`SeaweedFS does not start: ${error.message}\n${lines.join('')}`, { cause: error });
    }
    await wait(100);
  }
}
