// What everybody is asked to do: one picture to a width, in another format, at quality 80.

const ENCODERS = ['lenslet', 'sharp', 'jsquash'];

/** Who makes all frames of what moves, and palettes of photographs. */
const BOTH = ['lenslet', 'sharp'];

/** Where theirs come out as ours does at 80, by SSIMULACRA2. */
const AVIF = { format: 'avif', qualities: { sharp: 57, jsquash: 64 }, peers: ENCODERS };

/** A mark in one corner and a text in another; `mark.png` is the project's own sample. */
const MARKS = 'mark=mark.png,mark.width=0.2,mark.opacity=0.6,mark.bottom=16,mark.right=16,text=%C2%A9%20Lenslet,text.size=0.05,text.shadow=0.05,text.left=16,text.bottom=16';
const MARKING = ['lenslet', 'lenslet-unmarked', 'lenslet-other'];

/**
 * `picture` is a file of the pictures folder; tasks with `megapixels` are the same work on a growing source. Where it is
 * encoding `alone`, the picture's pixels are given. `options` are more of a URL's, which only we take. What `moves` has many frames, and no score. `peers` are those who can do it, if not all can; `qualities` are those of
 * whom another number means the same.
 */
export const tasks = [
  { name: 'T1', picture: 'photo-12mp.jpg', width: 800, format: 'jpeg', megapixels: 12, says: '12 MP JPEG → 800 px JPEG' },
  { name: 'T2', picture: 'photo-12mp.jpg', width: 800, format: 'webp', says: '12 MP JPEG → 800 px WebP' },
  { name: 'T4', picture: 'photo-2mp.png', width: 400, format: 'webp', says: '2 MP PNG → 400 px WebP' },
  { name: 'T5', picture: 'photo-12mp.webp', width: 640, format: 'jpeg', says: '12 MP WebP → 640 px JPEG' },
  { name: 'T1-busy', picture: 'photo-12mp-busy.jpg', width: 800, format: 'jpeg', says: 'T1 with much fine detail' },
  { name: 'T1-progressive', picture: 'photo-12mp-progressive.jpg', width: 800, format: 'jpeg', says: 'T1, progressive' },
  { name: 'T100', picture: 'photo-100mp.jpg', width: 800, format: 'jpeg', megapixels: 100.9, says: '100 MP JPEG → 800 px JPEG' },
  { name: 'M1', picture: 'photo-1mp.jpg', width: 800, format: 'jpeg', megapixels: 1, says: '1 MP JPEG → 800 px JPEG' },
  { name: 'M4', picture: 'photo-4mp.jpg', width: 800, format: 'jpeg', megapixels: 4, says: '4 MP JPEG → 800 px JPEG' },
  { name: 'M48', picture: 'photo-48mp.jpg', width: 800, format: 'jpeg', megapixels: 48, says: '48 MP JPEG → 800 px JPEG' },
  { name: 'A1', picture: 'photo-12mp.jpg', width: 800, ...AVIF, says: '12 MP JPEG → 800 px AVIF' },
  { name: 'E-jpeg', picture: 'frame.png', format: 'jpeg', alone: true, peers: ENCODERS, says: '800×600 pixels → JPEG' },
  { name: 'E-webp', picture: 'frame.png', format: 'webp', alone: true, peers: ENCODERS, says: '800×600 pixels → WebP' },
  { name: 'E-avif', picture: 'frame.png', ...AVIF, alone: true, says: '800×600 pixels → AVIF' },
  { name: 'K1', picture: 'photo-1mp.jpg', width: 800, format: 'webp', options: MARKS, peers: MARKING, says: '1 MP JPEG → 800 px WebP, with a text and a mark, and without' },
  { name: 'K2', picture: 'photo-1mp.jpg', width: 800, format: 'jpeg', options: MARKS, peers: MARKING, says: '1 MP JPEG → 800 px JPEG, likewise' },
  { name: 'G-webp', picture: 'film.gif', width: 320, format: 'webp', moves: true, peers: BOTH, says: 'GIF of 30 frames of 480 px → 320 px WebP' },
  { name: 'G-gif', picture: 'film.gif', width: 320, format: 'gif', moves: true, peers: BOTH, says: 'GIF of 30 frames of 480 px → 320 px GIF' },
  { name: 'E-png8', picture: 'frame.png', format: 'png', palette: true, alone: true, peers: BOTH, says: '800×600 pixels → PNG with a palette' },
  // Losslessly and without a reduction on the way, so that what is scored is the resampler alone.
  { name: 'resample', picture: 'photo-12mp.png', width: 800, format: 'png', says: '12 MP PNG → 800 px PNG' },
].map((task) => ({ ...task, quality: 80 }));

/** jpeg, png or webp: what the task's picture is. */
export const sourceFormat = ({ picture }) => picture.split('.').pop().replace('jpg', 'jpeg');

/** What the answers' files are called. */
export const extension = ({ format }) => format.replace('jpeg', 'jpg');
