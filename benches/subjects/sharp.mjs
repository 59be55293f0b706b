// sharp: libvips, native. One thread, no cache; all else as it comes (Lanczos3, 4:2:0, WebP effort 4), but AVIF at its least
// effort, which is where others compete.

import sharp from 'sharp';

export async function load({ width, format, quality, alone, palette, moves = false }) {
  sharp.concurrency(1);
  sharp.cache(false);
  const options = { quality, ...(format === 'avif' && { effort: 0 }), ...(palette && { palette }) };
  return async (source) => {
    const image = alone ? open(source) : sharp(source, { animated: moves }).resize(width);
    return { bytes: await image.toFormat(format, options).toBuffer(), linearBytes: null };
  };
}

/** A picture of a frame. */
export const open = ({ rgb, width, height }) => sharp(rgb, { raw: { width, height, channels: 3 } });
