// Skipping work that is already done: a stamp holds the hash of everything that the work was made from.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './paths.mjs';

/** The hash of `paths` (files, or folders with all that is in them; absent ones count as absent) and `words`. */
export function hashOf(paths, words = []) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesIn)) {
    hash.update(`${relative(root, file)}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.update(JSON.stringify(words)).digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

export const stampIs = (file, hash) => existsSync(file) && readFileSync(file, 'utf8') === hash;

export function setStamp(file, hash) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, hash);
}
