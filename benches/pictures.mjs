// The pictures: those of a given folder, else those beside the checkout, else made ones.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, target } from '../scripts/lib/paths.mjs';
import { Stop } from '../scripts/lib/run.mjs';
import { makeSamples } from '../scripts/lib/samples.mjs';

const BESIDE = join(dirname(root), 'shared', 'pictures');
const MADE = join(target, 'bench', 'pictures');

/** `{ folder, made }`: where the tasks' pictures are, and whether they are the project's own. */
export async function findPictures(given, env) {
  if (given && !existsSync(given)) throw new Stop(`There is no folder ${given}.`);
  const folder = given ?? (existsSync(BESIDE) ? BESIDE : null);
  if (folder) return { folder, made: false };
  await makePictures(env);
  return { folder: MADE, made: true };
}

/** The project's sample photo, and from it what else the tasks ask for: a PNG, a WebP and a progressive JPEG. */
async function makePictures(env) {
  const photo = join(await makeSamples(env), 'photo.jpg');
  mkdirSync(MADE, { recursive: true });
  const { default: sharp } = await import('sharp');
  const save = (name, change) => change(sharp(photo)).toFile(join(MADE, name));
  await save('photo-12mp.jpg', (image) => image.jpeg({ quality: 85 }));
  await save('photo-12mp-progressive.jpg', (image) => image.jpeg({ quality: 85, progressive: true }));
  await save('photo-12mp.webp', (image) => image.webp({ quality: 87 }));
  await save('photo-2mp.png', (image) => image.resize(1920, 1080).png());
}
