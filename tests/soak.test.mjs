// The verdict of a soak is sharp: one answer too many that nothing explains, and it says so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf, growth } from '../benches/verdict.mjs';

const good = { statuses: { hit: { 200: 9000, 304: 900 }, miss: { 200: 950, 502: 50, busy: 2 } }, injected: 50, grown: { 'the process': { percent: 0.9, doubt: 0 }, 'the isolate': { percent: 5, doubt: 4.1 } }, late: 3, perSecond: 100 };
const withStatuses = (kind, more) => faultsOf({ ...good, statuses: { ...good.statuses, [kind]: { ...good.statuses[kind], ...more } } });

test('failures that the source explains are no faults', () => {
  assert.deepEqual(faultsOf(good), []);
});

test('a hit is well or it is a fault', () => {
  for (const name of ['500', '502', '503', '504', '404', 'busy', 'broken', '200 instead of 304']) {
    assert.deepEqual(withStatuses('hit', { [name]: 1 }), [`1 hits were ${name}`]);
  }
});

test('a miss may fail as often as the source, in the ways that say so', () => {
  assert.deepEqual(withStatuses('miss', { 504: 1 }), ['51 misses failed, and the source only 50 times']);
  for (const name of ['500', '404', '400', 'broken', 'no picture']) assert.deepEqual(withStatuses('miss', { [name]: 1 }), [`1 misses were ${name}`]);
  assert.deepEqual(withStatuses('miss', { busy: 20 }), ['20 of 1020 misses were turned away']);
});

test('a load that is not borne is a fault', () => {
  assert.equal(faultsOf({ ...good, late: 101 }).length, 1);
});

test('memory may go up and down, but not up', () => {
  for (const memory of ['the process', 'the isolate']) {
    assert.deepEqual(faultsOf({ ...good, grown: { ...good.grown, [memory]: { percent: 1.2, doubt: 0.1 } } }), [`${memory} grew by 1.20 % (± 0.10)`]);
  }
  const samples = (value) => Array.from({ length: 101 }, (_, time) => [time, value(time)]);
  assert.ok(Math.abs(growth(samples((time) => 1000 + time)).percent - 100 / 10.5) < 1e-9);
  assert.ok(Math.abs(growth(samples((time) => 1000 + 50 * Math.sin((time * Math.PI) / 5))).percent) < 1);
  assert.ok(growth(samples((time) => 1000 - time)).percent < 0);
  // What scatters without growing is within its doubt, and what grows all the same is not.
  const scattered = (slope) => growth(samples((time) => 1000 + slope * time + 200 * Math.sin(time * time)));
  assert.ok(scattered(0).percent - scattered(0).doubt < 1 && scattered(0).doubt > 1);
  assert.ok(scattered(3).percent - scattered(3).doubt > 1);
});
