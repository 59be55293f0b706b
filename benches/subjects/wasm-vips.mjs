// wasm-vips: libvips in wasm. It needs threads and SharedArrayBuffer, so no Worker can run it.

import { linearBytes } from '../memory.mjs';

export async function load({ width, format, quality }) {
  const { default: Vips } = await import('wasm-vips');
  // Without the modules for AVIF and JPEG XL, which are loaded at the start and not used here.
  const vips = await Vips({ dynamicLibraries: [] });
  vips.concurrency(1);
  vips.Cache.max(0);
  return async (bytes) => {
    const small = vips.Image.thumbnailBuffer(bytes, width);
    const answer = small.writeToBuffer(`.${format}`, { Q: quality });
    small.delete();
    return { bytes: answer, linearBytes: linearBytes() };
  };
}
