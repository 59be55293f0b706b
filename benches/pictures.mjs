// The pictures: those of a given folder, else those beside the checkout, else made ones. Those that are nowhere are
// made of the others.

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

/** Where a task's picture is; nothing where there is none and it cannot be made. */
export async function findPicture(folder, name) {
  const beside = join(folder, name);
  if (existsSync(beside)) return beside;
  const made = join(MADE, name);
  const { from, change } = OTHERS[name] ?? {};
  if (!from || !existsSync(join(folder, from))) return null;
  if (!existsSync(made)) {
    mkdirSync(MADE, { recursive: true });
    const { default: sharp } = await import('sharp');
    await (await change(sharp(join(folder, from)))).toFile(made);
  }
  return made;
}

const JPEG = { quality: 85 };

/** What a camera sees that moves over a picture from its left to its right: 30 frames of 480×360. */
async function film(image) {
  const { default: sharp } = await import('sharp');
  const still = await image.resize(624, 468).toColourspace('srgb').removeAlpha().png().toBuffer();
  const [width, height] = [480, 360];
  const frame = (_, at) => sharp(still).extract({ left: at * 4, top: at * 3, width, height }).raw().toBuffer();
  const frames = await Promise.all(Array.from({ length: 30 }, frame));
  const raw = { width, height: height * frames.length, channels: 3, pageHeight: height };
  return sharp(Buffer.concat(frames), { raw }).gif({ delay: frames.map(() => 50), loop: 0 });
}

const OTHERS = {
  'photo-12mp.png': { from: 'photo-12mp.jpg', change: (image) => image.png({ compressionLevel: 3 }) },
  'frame.png': { from: 'photo-12mp.jpg', change: (image) => image.resize(800, 600).png() },
  'photo-1mp.jpg': { from: 'photo-12mp.jpg', change: (image) => image.resize(1_156, 867).jpeg(JPEG) },
  'photo-4mp.jpg': { from: 'photo-12mp.jpg', change: (image) => image.resize(2_312, 1_734).jpeg(JPEG) },
  'film.gif': { from: 'photo-12mp.jpg', change: film },
  'photo-48mp.jpg': {
    from: 'photo-100mp.jpg',
    change: (image) => image.extract({ left: 0, top: 0, width: 8_000, height: 6_000 }).jpeg(JPEG),
  },
};

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
