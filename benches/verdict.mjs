// What a soak has shown: which answers nobody should have got, and whether memory grows.

/** What a hit may be, and what a miss may be where the source failed. */
const WELL = ['200', '304'];
const FAILED = ['502', '503', '504'];

/** So many misses in a hundred may be turned away for want of memory, and memory may grow by so much. */
const MOST_SHED_PERCENT = 1;
const MOST_GROWTH_PERCENT = 1;

/**
 * Why a soak did not go well, in sentences; none where it did. `statuses` are counts by kind, `hit` and `miss`, and then by
 * status, with `busy` for a 503 of that name and `broken` for no answer. `injected` is how often the source failed, `late` how
 * many were still waiting to be sent at the end, and `perSecond` how many should have been. `grown` is how each kind of
 * memory grew, by name.
 */
export function faultsOf({ statuses, injected, grown, late, perSecond }) {
  const { hit = {}, miss = {} } = statuses;
  const sum = (counts, names) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);
  const odd = (counts, names) => Object.entries(counts).filter(([name]) => !names.includes(name));
  const faults = odd(hit, WELL).map(([name, count]) => `${count} hits were ${name}`);
  faults.push(...odd(miss, ['200', ...FAILED, 'busy']).map(([name, count]) => `${count} misses were ${name}`));
  const failed = sum(miss, FAILED);
  // A failure of the source explains one failure of ours, and no more.
  if (failed > injected) faults.push(`${failed} misses failed, and the source only ${injected} times`);
  const [shed, misses] = [sum(miss, ['busy']), sum(miss, Object.keys(miss))];
  if (shed * 100 > misses * MOST_SHED_PERCENT) faults.push(`${shed} of ${misses} misses were turned away`);
  if (late > perSecond) faults.push(`it did not keep up, or the machine had other work: ${late} requests were waiting at the end`);
  const risen = Object.entries(grown).filter(([, { percent, doubt }]) => percent - doubt > MOST_GROWTH_PERCENT);
  faults.push(...risen.map(([memory, grew]) => `${memory} grew by ${told(grew)}`));
  return faults;
}

/** A growth in words. */
export const told = ({ percent, doubt }) => `${percent.toFixed(2)} % (± ${doubt.toFixed(2)})`;

/**
 * By how many `percent` of their mean the values of `[time, value]` grow from the first to the last, along the line of least
 * squares: what goes up and down again does not count. They scatter, so the line may lie so much lower: two of its standard
 * errors are the `doubt`.
 */
export function growth(samples) {
  const mean = (at) => samples.reduce((sum, sample) => sum + sample[at], 0) / samples.length;
  const [meanTime, meanValue] = [mean(0), mean(1)];
  const spread = samples.reduce((sum, [time]) => sum + (time - meanTime) ** 2, 0);
  const slope = samples.reduce((sum, [time, value]) => sum + (time - meanTime) * (value - meanValue), 0) / spread;
  const off = samples.reduce((sum, [time, value]) => sum + (value - meanValue - slope * (time - meanTime)) ** 2, 0);
  const error = samples.length > 2 ? Math.sqrt(off / (samples.length - 2) / spread) : Infinity;
  const percents = (100 * (samples.at(-1)[0] - samples[0][0])) / meanValue;
  return { percent: slope * percents, doubt: 2 * error * percents };
}
