// Who is measured. Each module under subjects/ exports `load(task, { worker })`, which gets everything ready and
// answers `async (bytes) => ({ bytes, linearBytes })`: one whole transform, from the file's bytes to the answer's.

import { join } from 'node:path';
import { root, target } from '../scripts/lib/paths.mjs';

const OURS = { module: 'lenslet', worker: join(root, 'build'), panic: process.env.LENSLET_PANIC || 'unwind' };

/**
 * `note` goes under the table, `panic` is how to build a Worker of ours, `worker` the folder it is in. Who is `plain` leaves a
 * task's options out, and is there for the tasks that name it.
 */
export const subjects = [
  { name: 'lenslet', ...OURS },
  { name: 'lenslet-unmarked', ...OURS, plain: true },
  { name: 'sharp', module: 'sharp', note: 'sharp is native and has no linear memory' },
  { name: 'photon', module: 'photon', note: 'photon’s WebP is lossless, it has no other' },
  { name: 'jsquash', module: 'jsquash' },
  { name: 'wasm-vips', module: 'wasm-vips', note: 'wasm-vips needs SharedArrayBuffer, which Workers have not' },
];

/** The same Worker from stable Rust, ending with the first panic: what unwinding costs is the difference. */
export const abortingWorker = {
  name: 'lenslet-abort',
  module: 'lenslet',
  worker: join(target, 'bench', 'worker-abort'),
  panic: 'abort',
};

/** Somebody else's build of the Worker, or an earlier one. */
export const otherWorker = (worker) => ({ name: 'lenslet-other', module: 'lenslet', worker });
