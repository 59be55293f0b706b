// WebP without loss, beside sharp's: the bytes of drawn pictures, those of the corpus beside the checkout and plots of the project's own.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../scripts/lib/paths.mjs';
import { loadEncoder } from './encoder.mjs';
import { readFrame } from './frame.mjs';

const CORPUS = join(dirname(root), 'shared', 'corpus');

/** Folders of drawn pictures, and which of their files count. */
const FOLDERS = [
  { name: 'pngsuite', path: 'pngsuite', is: /^[^x].*\.png$/ },
  { name: 'gallery2', path: 'image-webp/tests/reference/gallery2', is: /_ll\.png$/ },
  { name: 'image-rs', path: 'image-rs/tests/images/png', is: /\.png$/ },
  { name: 'image-webp', path: 'image-webp/tests/reference/regression', is: /\.png$/ },
];

const files = ({ path, is }) =>
  existsSync(join(CORPUS, path))
    ? readdirSync(join(CORPUS, path), { recursive: true }).filter((name) => is.test(name.split('/').pop())).map((name) => join(CORPUS, path, name))
    : [];

/** Answers rows `{ name, count, ours, theirs, ratio, ms, theirMs }` and those of each file. */
export async function measureGraphics({ drawn, tell }) {
  const { open } = await import('./subjects/sharp.mjs');
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  const encode = await loadEncoder();
  const all = [...FOLDERS.map((folder) => ({ ...folder, files: files(folder) })), { name: 'drawn', files: drawn }];
  const rows = [];
  for (const { name, files } of all.filter(({ files }) => files.length > 0)) {
    tell(`${name}: ${files.length} files …`);
    const points = [];
    for (const file of files) {
      const frame = await readFrame(file).catch(() => null);
      if (!frame) continue;
      const began = performance.now();
      const ours = encode(frame, 'webp-lossless', 100).length;
      const between = performance.now();
      const theirs = (await open(frame).webp({ lossless: true }).toBuffer()).length;
      points.push({ file, ours, theirs, ms: between - began, theirMs: performance.now() - between, area: frame.width * frame.height });
    }
    const sum = (key) => points.reduce((total, point) => total + point[key], 0);
    const ratio = Math.exp(points.reduce((total, { ours, theirs }) => total + Math.log(ours / theirs), 0) / points.length);
    rows.push({ name, count: points.length, ours: sum('ours'), theirs: sum('theirs'), ratio, ms: sum('ms'), theirMs: sum('theirMs'), points });
  }
  return rows;
}

/** The rows as Markdown. */
export function graphicsTable(rows) {
  const line = ({ name, count, ours, theirs, ratio, ms, theirMs }) =>
    `| ${name} | ${count} | ${ours.toLocaleString('en')} | ${theirs.toLocaleString('en')} | ${(ours / theirs).toFixed(2)}× | ${ratio.toFixed(2)}× | ${ms.toFixed(0)}, ${theirMs.toFixed(0)} ms |`;
  return ['| WebP without loss | files | bytes | sharp | all | mean | time |', '| --- | ---: | ---: | ---: | ---: | ---: | ---: |', ...rows.map(line)].join('\n');
}
