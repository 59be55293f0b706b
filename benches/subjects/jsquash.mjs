// @jsquash/*: Squoosh's codecs. They decode in full; encoders as they come (MozJPEG progressive, libwebp method 4), but
// AVIF at its least effort.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { linearBytes } from '../memory.mjs';
import { sourceFormat } from '../tasks.mjs';

const require = createRequire(import.meta.url);
const wasm = (path) => new WebAssembly.Module(readFileSync(require.resolve(`@jsquash/${path}`)));

const DECODERS = {
  jpeg: ['jpeg/decode.js', 'jpeg/codec/dec/mozjpeg_dec.wasm'],
  png: ['png/decode.js', 'png/codec/pkg/squoosh_png_bg.wasm'],
  webp: ['webp/decode.js', 'webp/codec/dec/webp_dec.wasm'],
};
const ENCODERS = {
  jpeg: ['jpeg/encode.js', 'jpeg/codec/enc/mozjpeg_enc.wasm'],
  webp: ['webp/encode.js', 'webp/codec/enc/webp_enc_simd.wasm'],
  avif: ['avif/encode.js', 'avif/codec/enc/avif_enc.wasm'],
};

export async function load(task) {
  globalThis.ImageData ??= class ImageData {
    constructor(data, width, height) {
      Object.assign(this, { data, width, height });
    }
  };
  const encode = await codec(ENCODERS[task.format]);
  const { width, quality } = task;
  const options = { quality, ...(task.format === 'avif' && { speed: 10 }) };
  const file = async (image) => ({ bytes: new Uint8Array(await encode(image, options)), linearBytes: linearBytes() });
  if (task.alone) return ({ rgba, ...size }) => file(new ImageData(new Uint8ClampedArray(rgba), size.width, size.height));

  const decode = await codec(DECODERS[sourceFormat(task)]);
  const { default: resize, initResize } = await import('@jsquash/resize');
  await initResize(wasm('resize/lib/resize/pkg/squoosh_resize_bg.wasm'));
  return async (bytes) => {
    const source = await decode(bytes);
    const height = Math.round((width * source.height) / source.width);
    // In gamma space, as everybody else here does it; by default it works in linear light. And as the pictures
    // are opaque, without premultiplying: it then takes less than half the memory.
    const small = await resize(source, { width, height, method: 'lanczos3', linearRGB: false, premultiply: false });
    return file(small);
  };
}

async function codec([script, binary]) {
  const { init, default: run } = await import(`@jsquash/${script}`);
  await init(wasm(binary));
  return run;
}
