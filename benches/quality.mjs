// SSIMULACRA2 of the answers, by the little Rust program beside this file. Cargo knows when it is up to date.

import { join } from 'node:path';
import { root, target } from '../scripts/lib/paths.mjs';
import { Stop, ask, run } from '../scripts/lib/run.mjs';

const MANIFEST = join(root, 'benches', 'quality', 'Cargo.toml');
const FOLDER = join(target, 'bench', 'quality');

export async function buildQuality(env) {
  const args = ['build', '--quiet', '--locked', '--release', '--manifest-path', MANIFEST, '--target-dir', FOLDER];
  await run('cargo', args, { cwd: root, env });
}

/** One score for each answer; all of them small pictures made from `source`. */
export async function scores(source, answers, env) {
  if (answers.length === 0) return [];
  const files = await Promise.all(answers.map(decoded));
  const { ok, text } = await ask(join(FOLDER, 'release', 'quality'), [source, ...files], { env });
  const all = text.trim().split('\n').map(Number);
  if (!ok || all.length !== answers.length) throw new Stop(`The quality of ${answers.join(', ')} could not be measured.`);
  return all;
}

/** AVIF the little program does not read: it gets what sharp decodes. */
async function decoded(answer) {
  if (!answer.endsWith('.avif')) return answer;
  const { default: sharp } = await import('sharp');
  const png = `${answer}.png`;
  await sharp(answer).png({ compressionLevel: 1 }).toFile(png);
  return png;
}
