// The project's own sample pictures, as the tests want them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES, makeSamples } from '../../scripts/lib/samples.mjs';
import { toolEnvironment } from '../../scripts/lib/tools.mjs';

const TYPES = { jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' };

/** The media type that goes with a name. */
export const typeOf = (name) => TYPES[name.split('.').pop()] ?? 'application/octet-stream';

/** Every sample as a pair of name and bytes. */
export async function samples() {
  const folder = await makeSamples(toolEnvironment());
  return SAMPLES.map((name) => [name, readFileSync(join(folder, name))]);
}

/** One sample's bytes. */
export const sample = async (name) => (await samples()).find(([other]) => other === name)[1];
