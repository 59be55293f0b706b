// One subject at one task, in a process of its own: does one transform each time it is told to, and reports it.
//
// Told by its parent, over the channel between them, because what a subject prints belongs to stdout and stderr.

import './memory.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFrame } from './frame.mjs';

const { task, subject, picture, answer } = JSON.parse(process.argv[2]);

process.on('disconnect', () => process.exit());
try {
  const { load } = await import(`./subjects/${subject.module}.mjs`);
  const quality = task.qualities?.[subject.name] ?? task.quality;
  const transform = await load({ ...task, quality }, subject);
  const source = task.alone ? await readFrame(picture) : readFileSync(picture);
  process.on('message', () => once(transform, source).catch(fail));
  process.send({ ready: true });
} catch (error) {
  fail(error);
}

let kept = false;

async function once(transform, source) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { bytes, linearBytes } = await transform(source);
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  if (!kept) writeFileSync(answer, bytes);
  kept = true;
  process.send({ ms, cpuMs: (user + system) / 1000, bytes: bytes.length, linearBytes });
}

function fail(error) {
  const [line] = String(error?.message || error).split('\n');
  process.send({ error: line }, () => process.exit());
}
