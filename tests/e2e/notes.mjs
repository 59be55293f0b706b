// What could not be tested for want of something is said, on the console and in the summary of `npm test`.

import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';

/** Says `text` where the person who runs the tests will read it. */
export function note(text) {
  console.log(`note: ${text}`);
  if (process.env.LENSLET_NOTES) appendFileSync(process.env.LENSLET_NOTES, `${text}\n`);
}

/** A file or folder beside the project, or null after saying that it is absent. */
export function beside(name) {
  const path = join(root, '..', name);
  if (existsSync(path)) return path;
  note(`not run: there is no ${name} beside the project`);
  return null;
}
