// @cf-wasm/photon: the usual library of image Workers. Its WebP has no quality: it is lossless.

import { linearBytes } from '../memory.mjs';

export async function load({ width, format, quality }) {
  // Imported here and not above: memory.mjs has to be watching by then.
  const { PhotonImage, SamplingFilter, resize } = await import('@cf-wasm/photon');
  const encode = {
    jpeg: (image) => image.get_bytes_jpeg(quality),
    webp: (image) => image.get_bytes_webp(),
  }[format];
  return async (bytes) => {
    const source = PhotonImage.new_from_byteslice(bytes);
    const height = Math.round((width * source.get_height()) / source.get_width());
    const small = resize(source, width, height, SamplingFilter.Lanczos3);
    source.free();
    const answer = encode(small);
    small.free();
    return { bytes: answer, linearBytes: linearBytes() };
  };
}
