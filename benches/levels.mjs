// What a quality by name comes to: SSIMULACRA2 and time over all photographs, for every format that has them.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEVELS, loadEncoder } from './encoder.mjs';
import { readFrame } from './frame.mjs';
import { makePhotos } from './photos.mjs';
import { scores } from './quality.mjs';
import { extension } from './tasks.mjs';

const FORMATS = ['jpeg', 'webp', 'avif'];
/** Each is made so often, and the least time counts. */
const ROUNDS = 3;

/** Answers rows `{ format, level, scores, ms, plainMs }`, numbers in rising order; `plainMs` is of the number 80. */
export async function measureLevels({ folder, pictures, env, tell }) {
  const photos = await makePhotos(join(folder, 'photos'), pictures, env);
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  const encode = await loadEncoder();
  const rows = [];
  for (const format of FORMATS) {
    const points = [];
    for (const photo of photos) {
      tell(`${format}: ${photo.name} …`);
      const frame = await readFrame(photo.path);
      const made = [80, ...LEVELS].map((level) => ({ level, ...timed(() => encode(frame, format, level)) }));
      const answers = made.map(({ level }) => join(files, `${level}.${extension({ format })}`));
      made.forEach(({ bytes }, index) => writeFileSync(answers[index], bytes));
      const marks = await scores(photo.path, answers, env);
      points.push(...made.map(({ level, ms }, index) => ({ level, ms, score: marks[index], photo: photo.name })));
    }
    const of = (level) => points.filter((point) => point.level === level);
    const rising = (level, key) => of(level).map((point) => point[key]).toSorted((a, b) => a - b);
    for (const level of LEVELS) {
      rows.push({ format, level, scores: rising(level, 'score'), ms: rising(level, 'ms'), plainMs: rising(80, 'ms'), points: of(level) });
    }
  }
  rmSync(files, { recursive: true, force: true });
  return { rows, photos: photos.map(({ name }) => name) };
}

function timed(make) {
  let [bytes, ms] = [null, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    bytes = make();
    ms = Math.min(ms, performance.now() - started);
  }
  return { bytes, ms };
}

/** The rows as Markdown. */
export function levelsTable(rows) {
  const at = (numbers, share) => numbers[Math.round((numbers.length - 1) * share)];
  const line = ({ format, level, scores, ms, plainMs }) => {
    const marks = [0.5, 0.1, 0.9].map((share) => at(scores, share).toFixed(1));
    return `| ${format} | ${level} | ${marks.join(' | ')} | ${at(ms, 0.5).toFixed(0)} ms (80: ${at(plainMs, 0.5).toFixed(0)} ms) |`;
  };
  return ['| format | quality | SSIMULACRA2, median | 10 % | 90 % | time, median |', '| --- | --- | ---: | ---: | ---: | ---: |', ...rows.map(line)].join('\n');
}
