// How many bytes a quality takes: our encoders beside sharp's on the same pixels, at rising qualities, by SSIMULACRA2.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEncoder } from './encoder.mjs';
import { readFrame } from './frame.mjs';
import { makePhotos } from './photos.mjs';
import { plot } from './plot.mjs';
import { scores } from './quality.mjs';
import { extension } from './tasks.mjs';

const QUALITIES = [30, 45, 60, 70, 80, 85, 90, 95];
const STEPS = 64;

/** What is drawn together, each at these `qualities` or at its own. `usual` is the quality of sharp's whose score is looked at beside the mean over all scores. */
export const CURVES = [
  {
    format: 'jpeg',
    title: 'JPEG',
    peers: [{ name: 'sharp', options: {} }, { name: 'sharp, mozjpeg', options: { mozjpeg: true } }],
    qualities: QUALITIES,
    usual: 80,
  },
  { format: 'webp', title: 'WebP', peers: [{ name: 'sharp', options: {} }], qualities: QUALITIES, usual: 80 },
  {
    format: 'avif',
    title: 'AVIF',
    // Its numbers mean less than ours.
    peers: [{ name: 'sharp, effort 0', options: { effort: 0 }, qualities: [20, 30, 40, 50, 60, 70, 80, 90] }],
    qualities: QUALITIES,
    // What it takes by itself.
    usual: 50,
  },
];

/** Measures these curves and writes a plot of each into `folder`; answers a table. */
export async function drawCurves(curves, { folder, published, pictures, env, tell }) {
  const photos = await makePhotos(join(folder, 'photos'), pictures, env);
  const encode = await loadEncoder();
  const [rows, points] = [[], {}];
  for (const curve of curves) {
    const lines = [{ name: 'Lenslet', encode: (frame, quality) => encode(frame, curve.format, quality) }, ...(await sharpLines(curve))];
    const all = [];
    for (const photo of photos) {
      tell(`${curve.title}: ${photo.name} …`);
      all.push(await measure(photo, curve, lines, join(folder, 'files'), env));
    }
    const series = lines.map(({ name }, index) => ({ name, points: means(all.map((photo) => photo[index])) }));
    const svg = plot({ title: `${curve.title}: ${photos.length} photographs`, across: 'bits per pixel', up: 'SSIMULACRA2', series });
    for (const to of [folder, ...(published ? [published] : [])]) {
      mkdirSync(to, { recursive: true });
      writeFileSync(join(to, `${curve.format}.svg`), svg);
    }
    points[curve.format] = photos.map(({ name }, index) => ({ name, lines: all[index] }));
    rows.push(...compare(curve, all));
  }
  writeFileSync(join(folder, 'points.json'), `${JSON.stringify(points, null, 1)}\n`);
  rmSync(join(folder, 'files'), { recursive: true, force: true });
  return { rows, photos: photos.map(({ name }) => name) };
}

async function sharpLines({ format, peers }) {
  const { open } = await import('./subjects/sharp.mjs');
  return peers.map(({ name, options, qualities }) => ({
    name,
    qualities,
    encode: (frame, quality) => open(frame).toFormat(format, { ...options, quality }).toBuffer(),
  }));
}

/** For each line the points `{ quality, bits, bytes, score }` of a photo. */
async function measure({ path }, { format, qualities }, lines, folder, env) {
  const frame = await readFrame(path);
  mkdirSync(folder, { recursive: true });
  const points = [];
  for (const [line, { encode, qualities: own = qualities }] of lines.entries()) {
    for (const quality of own) {
      const file = await encode(frame, quality);
      const answer = join(folder, `${line}-${quality}.${extension({ format })}`);
      writeFileSync(answer, file);
      points.push({ line, answer, quality, bytes: file.length, bits: (8 * file.length) / (frame.width * frame.height) });
    }
  }
  const marks = await scores(path, points.map(({ answer }) => answer), env);
  const scored = points.map((point, index) => ({ ...point, score: marks[index] }));
  return lines.map((_, line) => scored.filter((point) => point.line === line));
}

/** Of each quality the mean over the photos: of the scores, and of the logarithms of the bits. */
function means(photos) {
  return photos[0].map((_, index) => {
    const points = photos.map((photo) => photo[index]);
    return { x: geometricMean(points.map(({ bits }) => bits)), y: mean(points.map(({ score }) => score)) };
  });
}

/** A row for each line that ours is compared with: our bytes to its own at equal scores. */
function compare({ title, peers, usual: quality }, photos) {
  return peers.map(({ name }, index) => {
    const ratios = photos.map((photo) => meanRatio(photo[0], photo[index + 1]));
    const usual = photos.map((photo) => ratioAt(photo[0], photo[index + 1], photo[index + 1].find((point) => point.quality === quality).score));
    return { title, peer: name, quality, ...spread(ratios), usual: spread(usual) };
  });
}

/** Of those photos whose lines reach a score, if any does. */
function spread(ratios) {
  const found = ratios.filter(Number.isFinite);
  return found.length ? { mean: geometricMean(found), least: Math.min(...found), most: Math.max(...found), count: found.length } : null;
}

/** The mean over all scores that both lines reach. */
function meanRatio(ours, theirs) {
  const range = (points) => [Math.min(...points.map(({ score }) => score)), Math.max(...points.map(({ score }) => score))];
  const [[a, b], [c, d]] = [range(ours), range(theirs)];
  const [low, high] = [Math.max(a, c), Math.min(b, d)];
  return geometricMean(Array.from({ length: STEPS }, (_, step) => ratioAt(ours, theirs, low + ((high - low) * (step + 0.5)) / STEPS)));
}

const ratioAt = (ours, theirs, score) => bytesAt(ours, score) / bytesAt(theirs, score);

/** The bytes that a score takes, along straight lines between their logarithms; `NaN` beyond the last point. */
function bytesAt(points, score) {
  const sorted = points.toSorted((a, b) => a.score - b.score);
  const after = sorted.findIndex((point) => point.score >= score);
  if (after < 1) return sorted[after]?.score === score ? sorted[after].bytes : NaN;
  const [from, to] = [sorted[after - 1], sorted[after]];
  return from.bytes * (to.bytes / from.bytes) ** ((score - from.score) / (to.score - from.score));
}

/** The rows as Markdown. */
export function curvesTable(rows) {
  const times = (found) => (found ? `${found.mean.toFixed(3)}× (${found.least.toFixed(2)}–${found.most.toFixed(2)}), ${found.count}` : '–');
  const lines = rows.map(({ title, peer, quality, usual, ...all }) => `| ${title} | ${peer} | ${times(all)} | at ${quality}: ${times(usual)} |`);
  return ['| bytes at equal SSIMULACRA2 | to | mean over all scores | at a quality of the other |', '| --- | --- | ---: | ---: |', ...lines].join('\n');
}

const mean = (numbers) => numbers.reduce((a, b) => a + b) / numbers.length;

const geometricMean = (numbers) => Math.exp(mean(numbers.map(Math.log)));
