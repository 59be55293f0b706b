// The project's own sample pictures, made by its example once and kept under target/.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, target } from './paths.mjs';
import { buildPrograms, sampleMaker } from './programs.mjs';
import { Stop, run, say } from './run.mjs';
import { hashOf, setStamp, stampIs } from './stamp.mjs';

export const SAMPLES = ['photo.jpg', 'rotated.jpg', 'alpha.png', 'lossy.webp', 'animated.gif', 'mark.png'];

/** The folder with the samples in it, as they are made today. */
export async function makeSamples(env) {
  const folder = join(target, 'samples');
  const stamp = join(target, 'lenslet', 'samples.stamp');
  const hash = hashOf([join(root, 'examples', 'make_samples')], SAMPLES);
  if (stampIs(stamp, hash) && SAMPLES.every((name) => existsSync(join(folder, name)))) return folder;

  say('Making the sample pictures …');
  mkdirSync(folder, { recursive: true });
  // Aside and renamed, because several may want them at once.
  const aside = mkdtempSync(join(target, '.samples-'));
  try {
    await buildPrograms(env);
    await run(sampleMaker, [aside], { cwd: root, env });
    const missing = SAMPLES.filter((name) => !existsSync(join(aside, name)));
    if (missing.length) throw new Stop(`The example make_samples did not write ${missing.join(', ')}.`);
    for (const name of SAMPLES) renameSync(join(aside, name), join(folder, name));
  } finally {
    rmSync(aside, { recursive: true });
  }
  setStamp(stamp, hash);
  return folder;
}
