// The photographs that encoders are compared on, each as a frame of about 800×600: those beside the checkout, else the project's own.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, target } from '../scripts/lib/paths.mjs';
import { findPictures } from './pictures.mjs';

const CORPUS = join(dirname(root), 'shared', 'corpus');
const ZUNE = 'zune-jpeg-edge/zune/test-images/jpeg';
const GALLERY = 'image-webp/tests/images/gallery1';

/** The large picture is four photographs side by side. */
const quarter = (left, top) => ({ left: left * 2_000, top: top * 1_500, width: 2_000, height: 1_500 });

const PICTURES = [
  { name: 'quarter-1', file: 'photo-12mp.jpg', part: quarter(0, 0) },
  { name: 'quarter-2', file: 'photo-12mp.jpg', part: quarter(1, 0) },
  { name: 'quarter-3', file: 'photo-12mp.jpg', part: quarter(0, 1) },
  { name: 'quarter-4', file: 'photo-12mp.jpg', part: quarter(1, 1) },
  { name: 'busy', file: 'photo-12mp-busy.jpg' },
  { name: 'wide', file: 'photo-2mp.png' },
];

/** They were coded once already, so none is taken as large as it is. */
const OTHERS = [
  ...['3.webp', '4.webp', '5.webp'].map((file) => ({ name: `gallery-${file[0]}`, file: `${GALLERY}/${file}` })),
  ...['1.webp', '2.webp'].map((file) => ({ name: `gallery-${file[0]}`, file: `${GALLERY}/${file}`, width: 400 })),
  { name: 'landscape', file: 'exif-orientation/Landscape_1.jpg' },
  { name: 'portrait', file: 'exif-orientation/Portrait_1.jpg', width: 600 },
  { name: 'fox', file: `${ZUNE}/fox410.jpg`, width: 480 },
  { name: 'news', file: `${ZUNE}/sos_news.jpeg`, width: 640 },
  { name: 'scene', file: `${ZUNE}/huffman_third_index.jpg` },
];

/** Makes a PNG of each in `folder`; answers `[{ name, path }]`. */
export async function makePhotos(folder, given, env) {
  const { folder: pictures, made } = await findPictures(given, env);
  const wanted = made ? [{ name: 'made', file: 'photo-12mp.jpg' }] : PICTURES;
  const all = [...wanted.map((photo) => ({ ...photo, from: pictures })), ...OTHERS.map((photo) => ({ ...photo, from: CORPUS }))];
  const there = all.filter(({ from, file }) => existsSync(join(from, file)));
  mkdirSync(folder, { recursive: true });
  return Promise.all(there.map((photo) => make(photo, join(folder, `${photo.name}.png`))));
}

async function make({ name, from, file, part, width = 800 }, path) {
  const { default: sharp } = await import('sharp');
  const image = sharp(join(from, file));
  const kept = part ? image.extract(part) : image;
  await kept.resize(width).removeAlpha().toColourspace('srgb').png({ compressionLevel: 1 }).toFile(path);
  return { name, path };
}
