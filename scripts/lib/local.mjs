// What edge and origin share on a developer's own machine: the local bucket, which the origin reaches through wrangler's S3
// endpoint, the presets, and keys that are made once and kept under .wrangler/, out of every repository.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { lenslet } from './programs.mjs';
import { Stop, ask, run } from './run.mjs';

/** Where wrangler serves its local buckets as S3. */
export const S3_PATH = '/cdn-cgi/local/r2/s3';

/** Beside wrangler.toml, because wrangler looks for everything beside the file that it is given. */
const LOCAL_TOML = join(root, '.wrangler.local.toml');
const OWNER_ONLY = { mode: 0o600 };

/**
 * Keys and credentials in a folder, made where they are not there yet: `{ tokenKeys, adminKeys, credentials }`, of which the
 * first two are paths.
 */
export async function localSecrets(folder, env) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [tokenKeys, adminKeys] = await Promise.all([keys(folder, 'token-keys.json', 'tokens', env), keys(folder, 'admin-keys.json', 'urls', env)]);
  return { tokenKeys, adminKeys, credentials: credentialsIn(join(folder, 's3.json')) };
}

async function keys(folder, name, purpose, env) {
  const path = join(folder, name);
  if (!existsSync(path)) await run(lenslet, ['key', 'new', '--for', purpose, '--out', path], { cwd: root, env, stdio: 'ignore' });
  return path;
}

function credentialsIn(path) {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const credentials = { access_key_id: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`, secret_access_key: randomBytes(30).toString('hex') };
  writeFileSync(path, JSON.stringify(credentials), OWNER_ONLY);
  return credentials;
}

/** A setting as the Worker reads it here, or nothing. */
export async function setting(name, env) {
  const { ok, text } = await ask(lenslet, ['policy', 'show', name], { cwd: root, env });
  return ok ? text.trim() : undefined;
}

/** The first bucket that wrangler.toml binds as PICTURES. */
export const bucketName = (toml) => {
  const [, table] = toml.match(/\[\[r2_buckets\]\]\s*\n((?:(?!\[).*\n)*?binding = "PICTURES"(?:\n(?!\[).*)*)/) ?? [];
  const [, name] = table?.match(/^bucket_name = "(.+)"$/m) ?? [];
  if (!name) throw new Stop('wrangler.toml binds no bucket as PICTURES, which edge and origin share.');
  return name;
};

/** The settings of wrangler.toml, with the bucket served as S3, and these variables. */
export function localToml(toml, { access_key_id: id, secret_access_key: secret }, vars = {}) {
  const s3 = `local_dev.experimental_s3_credentials = { accessKeyId = ${JSON.stringify(id)}, secretAccessKey = ${JSON.stringify(secret)} }`;
  const lines = Object.entries(vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  return toml.replace('binding = "PICTURES"\n', `binding = "PICTURES"\n${s3}\n`).replace('[vars]\n', `[vars]\n${lines.join('')}`);
}

/** Writes them where wrangler finds everything else, and again whenever wrangler.toml changes; answers the path. */
export function writeLocalToml(credentials, vars) {
  const source = join(root, 'wrangler.toml');
  const write = () => writeFileSync(LOCAL_TOML, localToml(readFileSync(source, 'utf8'), credentials, vars), OWNER_ONLY);
  write();
  watchFile(source, { interval: 500, persistent: false }, write);
  process.once('exit', () => unwatchFile(source));
  return LOCAL_TOML;
}

/** What an origin is told that shares an edge's bucket. */
export async function originSettings({ edgeUrl, bucket, secrets, presets, env }) {
  const { ok, text: tokenKeys } = await ask(lenslet, ['key', 'jwks', secrets.tokenKeys], { cwd: root, env });
  if (!ok) throw new Stop(`${secrets.tokenKeys} holds no keys; delete it, and another one will be made.`);
  return originVariables({
    STORE: `s3:${bucket}`,
    S3_ENDPOINT: `${edgeUrl}${S3_PATH}`,
    S3_CREDENTIALS: JSON.stringify(secrets.credentials),
    TOKEN_KEYS: tokenKeys,
    EDGE_URL: edgeUrl,
    EDGE_ADMIN_KEYS: readFileSync(secrets.adminKeys, 'utf8'),
    PRESETS: presets ?? '{}',
    VARIANTS: JSON.stringify(Object.keys(JSON.parse(presets ?? '{}'))),
  });
}

/** Settings as the environment has them. */
export const originVariables = (settings) => Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LENSLET_ORIGIN_${name}`, value]));
