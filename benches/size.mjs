// What a Worker weighs: the files that wrangler would upload, gzipped in one piece as it counts them itself.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { npmBin, target } from '../scripts/lib/paths.mjs';
import { Stop, ask } from '../scripts/lib/run.mjs';

/** `{ gzip_bytes, raw_bytes }` of the Worker built in `worker`. */
export async function weigh(name, worker, env) {
  const folder = join(target, 'bench', 'upload', name);
  const files = join(folder, 'files');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // A configuration of its own, because the project's names one Worker and builds it first.
  const config = join(folder, 'wrangler.json');
  const main = relative(folder, join(worker, 'index.js'));
  writeFileSync(config, JSON.stringify({ name, main, compatibility_date: '2026-11-01', send_metrics: false }));
  const args = ['deploy', '--dry-run', '--config', config, '--outdir', files];
  const { ok, text } = await ask(npmBin('wrangler'), args, { env, cwd: folder });
  if (!ok) throw new Stop(`wrangler could not pack the Worker in ${worker}:\n${text}`);

  const uploaded = readdirSync(files).filter((file) => /\.(js|wasm)$/.test(file));
  const whole = Buffer.concat(uploaded.map((file) => readFileSync(join(files, file))));
  return { gzip_bytes: gzipSync(whole).length, raw_bytes: whole.length };
}
