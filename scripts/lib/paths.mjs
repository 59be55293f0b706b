// Where things are. Everything made by the scripts lives under target/ or in the user's cache folder.

import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const target = join(root, 'target');

/** A program that npm installed. */
export const npmBin = (name) => join(root, 'node_modules', '.bin', name);

/** The folder of tools built once per machine and version, shared by all clones. */
export function toolsFolder() {
  if (process.env.LENSLET_TOOLS) return process.env.LENSLET_TOOLS;
  const caches =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(caches, 'lenslet', 'tools');
}
