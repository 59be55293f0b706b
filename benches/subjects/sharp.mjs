// sharp: libvips, native. One thread, no cache; all else as it comes (Lanczos3, 4:2:0, WebP effort 4).

import sharp from 'sharp';

export async function load({ width, format, quality }) {
  sharp.concurrency(1);
  sharp.cache(false);
  return async (bytes) => {
    const answer = await sharp(bytes).resize(width).toFormat(format, { quality }).toBuffer();
    return { bytes: answer, linearBytes: null };
  };
}
