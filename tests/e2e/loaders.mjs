// The client libraries themselves, installed once for all clones, as tools are, from the package beside this file.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, toolsFolder } from '../../scripts/lib/paths.mjs';
import { environment, run, say } from '../../scripts/lib/run.mjs';
import { hashOf } from '../../scripts/lib/stamp.mjs';

const HERE = join(root, 'tests', 'e2e', 'loaders');
const FILES = ['package.json', 'package-lock.json', '.npmrc'];

/** The folder in which the libraries are installed as the lockfile says. */
export async function installLoaders() {
  const shelf = toolsFolder();
  const folder = join(shelf, `loaders-${hashOf([HERE]).slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  say('Installing the client libraries whose URLs are tested (350 MB, once) …');
  mkdirSync(shelf, { recursive: true });
  // Aside and renamed: half an installation is never seen.
  const aside = mkdtempSync(join(shelf, '.loaders-'));
  for (const name of FILES) copyFileSync(join(HERE, name), join(aside, name));
  try {
    await run('npm', ['ci', '--loglevel=error'], { cwd: aside, env: environment() });
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** Imports a module of an installed package, also one that its package does not export. */
export const importFrom = (folder, path) => import(pathToFileURL(join(folder, 'node_modules', path)).href);

/** Requires a CommonJS module as a program in that folder would. */
export const requireFrom = (folder, name) => createRequire(join(folder, 'index.js'))(name);

/**
 * Astro's image service for Cloudflare. It is written for Vite, which replaces `import.meta.env` and has the page's own
 * Astro at hand; esbuild does the one, and of the other only what makes a URL is stood in for.
 */
export async function astroService(folder) {
  const outfile = join(folder, 'astro-service.mjs');
  const standIns = { 'astro/assets': 'export const baseService = {};', 'astro/assets/utils': 'export const isESMImportedImage = (src) => typeof src === "object";' };
  await build({
    entryPoints: [join(folder, 'node_modules/@astrojs/cloudflare/dist/entrypoints/image-service-external.js')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'error',
    define: { 'import.meta.env.BASE_URL': '"/"' },
    plugins: [{
      name: 'astro',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^astro\// }, ({ path }) => ({ path, namespace: 'astro' }));
        onLoad({ filter: /.*/, namespace: 'astro' }, ({ path }) => ({ contents: standIns[path] }));
      },
    }],
  });
  return (await import(pathToFileURL(outfile).href)).default;
}
