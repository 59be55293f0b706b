// The project's own sample pictures, made by its example once and kept under target/.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, target } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { hashOf, setStamp, stampIs } from '../../scripts/lib/stamp.mjs';
import { toolEnvironment } from '../../scripts/lib/tools.mjs';

// The same names, folder and stamp as in scripts/start.mjs, so that what one of the two made serves both.
const SAMPLES = ['photo.jpg', 'rotated.jpg', 'alpha.png', 'lossy.webp', 'animated.gif', 'mark.png'];
const FOLDER = join(target, 'samples');
const STAMP = join(target, 'lenslet', 'samples.stamp');

const TYPES = { jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' };

/** The media type that goes with a name. */
export const typeOf = (name) => TYPES[name.split('.').pop()] ?? 'application/octet-stream';

/** Every sample as a pair of name and bytes. */
export async function samples() {
  const hash = hashOf([join(root, 'examples')], SAMPLES);
  if (!stampIs(STAMP, hash) || !SAMPLES.every((name) => existsSync(join(FOLDER, name)))) await make(hash);
  return SAMPLES.map((name) => [name, readFileSync(join(FOLDER, name))]);
}

/** One sample's bytes. */
export const sample = async (name) => (await samples()).find(([other]) => other === name)[1];

// Aside and renamed, because test files run beside each other.
async function make(hash) {
  mkdirSync(FOLDER, { recursive: true });
  const aside = mkdtempSync(join(target, '.samples-'));
  const args = ['run', '--locked', '--release', '--quiet', '--example', 'make_samples', '--', aside];
  await run('cargo', args, { cwd: root, env: toolEnvironment(), stdio: ['ignore', 'ignore', 'inherit'] });
  for (const name of readdirSync(aside)) renameSync(join(aside, name), join(FOLDER, name));
  rmSync(aside, { recursive: true });
  setStamp(STAMP, hash);
}
