// Makes what tests/filters.rs compares with: one picture, and below it what photon-rs makes of it by each of its filters.
//
// Run it once the packages of benches/ are there (`npm run bench` installs them): `node tests/filters/make.mjs`.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PNG } from 'pngjs';

const photon = createRequire(new URL('../../benches/package.json', import.meta.url))('@cf-wasm/photon/node');

const SIDE = 32;
/** What its `filter` knows by name, and what has a function of its own. */
const NAMED = [
  ...['bluechrome', 'cali', 'diamante', 'dramatic'],
  ...['firenze', 'flagblue', 'golden', 'islands', 'liquid', 'lofi', 'marine', 'mauve', 'obsidian', 'oceanic', 'pastel_pink'],
  ...['perfume', 'radio', 'rosetint', 'seagreen', 'serenity', 'twenties', 'vintage'],
];
const ALONE = ['duotone_horizon', 'duotone_lilac', 'duotone_ochre', 'duotone_violette', 'lix', 'neue', 'ryo'];

/** Every grey, a lattice of colours, and 256 colours as chance has them. */
function colours() {
  const greys = Array.from({ length: 256 }, (_, grey) => [grey, grey, grey]);
  const steps = Array.from({ length: 8 }, (_, step) => Math.round((step * 255) / 7));
  const lattice = steps.flatMap((r) => steps.flatMap((g) => steps.map((b) => [r, g, b])));
  let state = 1;
  const chance = () => (state = (state * 48_271) % 0x7fff_ffff) >> 23;
  const others = Array.from({ length: 256 }, () => [chance(), chance(), chance()]);
  return [...greys, ...lattice, ...others].flatMap((colour) => [...colour, 255]);
}

const source = Uint8Array.from(colours());
const names = [...NAMED, ...ALONE].sort();
const pictures = names.map((name) => {
  // One row more, because `inc_brightness` passes over the last pixel.
  const image = new photon.PhotonImage(Uint8Array.from([...source, ...source.slice(0, SIDE * 4)]), SIDE, SIDE + 1);
  if (ALONE.includes(name)) photon[name](image);
  else photon.filter(image, name);
  return image.get_raw_pixels().slice(0, source.length);
});
const png = new PNG({ width: SIDE, height: SIDE * (1 + names.length), colorType: 2 });
[source, ...pictures].forEach((pixels, index) => png.data.set(pixels, index * pixels.length));
writeFileSync(new URL('photon.png', import.meta.url), PNG.sync.write(png, { colorType: 2, inputHasAlpha: true }));
