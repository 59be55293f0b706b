// Puts a folder of pictures into the local bucket that `wrangler dev` reads. Usage: seed.mjs <folder> <prefix>
//
// Through the binding itself, in one process: the command line takes seconds for each object.
// It is a program and not a module of `start`, because wrangler needs the Node that npm installed.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getPlatformProxy } from 'wrangler';
import { root } from './paths.mjs';

const TYPES = { jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' };

const [folder, prefix] = process.argv.slice(2);
// `persist` is true by default: the same folder under .wrangler/ that `wrangler dev` uses.
const { env, dispose } = await getPlatformProxy({ configPath: join(root, 'wrangler.toml'), remoteBindings: false });
try {
  for (const name of readdirSync(folder)) {
    const contentType = TYPES[name.split('.').pop()];
    if (contentType) await env.PICTURES.put(`${prefix}${name}`, readFileSync(join(folder, name)), { httpMetadata: { contentType } });
  }
} finally {
  await dispose();
}
