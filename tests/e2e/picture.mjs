// What a picture file says of itself, and its pixels where it is a PNG: read here, not by what is tested.

import { PNG } from 'pngjs';

/** `{ format, width, height }` out of a file's header, or null where it is none of the five formats. */
export function header(file) {
  if (file.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) {
    return { format: 'png', width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  }
  const magic = file.toString('latin1', 0, 6);
  if (magic === 'GIF87a' || magic === 'GIF89a') {
    return { format: 'gif', width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
  }
  if (magic.startsWith('RIFF') && file.toString('latin1', 8, 12) === 'WEBP') return webp(file);
  if (magic.startsWith('\xff\xd8\xff')) return jpeg(file);
  if (file.toString('latin1', 4, 12) === 'ftypavif') return avif(file);
  return null;
}

function webp(file) {
  const size = (width, height, lossless) => ({ format: 'webp', width, height, lossless });
  switch (file.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return size(file.readUInt16LE(26) & 0x3fff, file.readUInt16LE(28) & 0x3fff, false);
    case 'VP8L': {
      const bits = file.readUInt32LE(21);
      return size((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1, true);
    }
    case 'VP8X':
      return size(file.readUIntLE(24, 3) + 1, file.readUIntLE(27, 3) + 1, file.includes('VP8L'));
    default:
      return null;
  }
}

function avif(file) {
  // The one box of its name: of a picture and its alpha, which are as large.
  const at = file.indexOf('ispe');
  return at < 0 ? null : { format: 'avif', width: file.readUInt32BE(at + 8), height: file.readUInt32BE(at + 12) };
}

function jpeg(file) {
  for (let at = 2; at + 9 < file.length; ) {
    const marker = file[at + 1];
    // A start of frame that is no table (DHT, JPG, DAC).
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { format: 'jpeg', width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
    }
    at += 2 + file.readUInt16BE(at + 2);
  }
  return null;
}

/** The pixels of a PNG: `{ width, height, at(x, y) }`, the last giving red, green, blue and alpha. */
export function pixels(file) {
  const { width, height, data } = PNG.sync.read(file);
  return { width, height, at: (x, y) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)] };
}

/** A black PNG of a size. */
export const plainPng = (width, height) => PNG.sync.write(new PNG({ width, height }), { colorType: 2 });

/** The mean brightness, 0–255, of a rectangle given in shares of the sides. */
export function brightness({ width, height, at }, [left, top, right, bottom]) {
  let [sum, count] = [0, 0];
  for (let y = Math.floor(top * height); y < bottom * height; y++) {
    for (let x = Math.floor(left * width); x < right * width; x++) {
      const [r, g, b] = at(x, y);
      [sum, count] = [sum + (r + g + b) / 3, count + 1];
    }
  }
  return sum / count;
}
