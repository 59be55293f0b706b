// Our encoders alone, as wasm of their own: encode.rs beside this file, built as the Worker is but for the unwinding.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { npmBin, root, target } from '../scripts/lib/paths.mjs';
import { run } from '../scripts/lib/run.mjs';

const WASM = 'wasm32-unknown-unknown';
const BUILT = join(target, WASM, 'release', 'examples', 'encode.wasm');
const MODULE = join(target, 'bench', 'encode.wasm');
/** What encode.rs knows by number. */
const KINDS = ['jpeg', 'webp', 'avif', 'png', 'png8', 'webp-lossless', 'webp-near'];
export const LEVELS = ['high', 'medium-high', 'medium-low', 'low'];

/** Cargo knows whether there is anything to do. */
export async function buildEncoder(env) {
  const args = ['build', '--quiet', '--locked', '--release', '--target', WASM, '--package', 'lenslet', '--example', 'encode'];
  await run('cargo', args, { cwd: root, env });
  if (existsSync(MODULE) && statSync(MODULE).mtimeMs > statSync(BUILT).mtimeMs) return;
  await run(npmBin('wasm-opt'), ['-O3', '--enable-simd', BUILT, '-o', MODULE], { cwd: root, env });
}

/** What encodes: `({ width, height, rgb }, kind, quality) => bytes`; a quality is a number or a name. */
export async function loadEncoder() {
  const module = await WebAssembly.compile(readFileSync(MODULE));
  // What the Worker calls of JavaScript, which encoders do not.
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new Error(`an encoder called ${name}`);
    };
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  return ({ width, height, rgb }, kind, quality) => {
    const at = exports.frame(width, height);
    new Uint8Array(exports.memory.buffer, at, rgb.length).set(rgb);
    const level = LEVELS.indexOf(quality);
    const length = level < 0 ? exports.encode(KINDS.indexOf(kind), quality) : exports.encode_level(KINDS.indexOf(kind), level);
    if (!length) throw new Error(`a frame of ${width}×${height} could not be made ${kind}`);
    return new Uint8Array(exports.memory.buffer, exports.file(), length).slice();
  };
}
