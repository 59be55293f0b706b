// Pixels of a picture, as those get them who have nothing to decode.

/** `{ width, height, rgb, rgba }` of a file. */
export async function readFrame(picture) {
  const { default: sharp } = await import('sharp');
  const opaque = sharp(picture).toColourspace('srgb').removeAlpha();
  const { data: rgb, info } = await opaque.clone().raw().toBuffer({ resolveWithObject: true });
  const rgba = await opaque.clone().ensureAlpha().raw().toBuffer();
  return { width: info.width, height: info.height, rgb, rgba };
}
