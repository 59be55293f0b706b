// From what was measured to rows, and from rows to a table.

/** The rows of one task: `results` are the subjects' of rounds.mjs, `scores` those of the ones that answered. */
export function rowsOf(task, subjects, results) {
  const sharp = results[subjects.findIndex(({ name }) => name === 'sharp')];
  const sharpMs = sharp && !sharp.error ? median(sharp.ms) : null;
  return subjects.map(({ name }, index) => {
    const row = { task: task.name, subject: name, megapixels: task.megapixels };
    const { error, ms, cpuMs, firstMs, bytes, linearBytes, score } = results[index];
    if (error) return { ...row, median_ms: null, ratio_to_sharp: null, bytes: null, ssimulacra2: null, linear_mib: null, error };
    return {
      ...row,
      median_ms: rounded(median(ms), 2),
      min_ms: rounded(Math.min(...ms), 2),
      max_ms: rounded(Math.max(...ms), 2),
      // Of all its threads. It is the steadier figure where the machine is busy with other things.
      cpu_ms: rounded(median(cpuMs), 2),
      ms_per_megapixel: task.megapixels && rounded(median(ms) / task.megapixels, 3),
      ratio_to_sharp: sharpMs && rounded(median(ms) / sharpMs, 3),
      bytes,
      ssimulacra2: score === undefined ? null : rounded(score, 2),
      linear_mib: linearBytes && rounded(linearBytes / 2 ** 20, 2),
      // The process's very first transform, its wasm not yet optimised by V8.
      first_ms: rounded(firstMs, 2),
      rounds: ms.length,
    };
  });
}

/** All rows as Markdown. */
export function markdown(rows) {
  const times = rows.filter(({ task }) => task !== 'size');
  const sizes = rows.filter(({ task }) => task === 'size');
  const head = ['task', 'subject', 'median ms', 'min–max', '× sharp', 'bytes', 'SSIMULACRA2', 'linear MiB'];
  const lines = [line(head), line(['---', '---', ...head.slice(2).map(() => '---:')]), ...times.map((row) => line(cells(row)))];
  lines.push(...growth(times));
  for (const { subject, gzip_bytes, raw_bytes } of sizes) {
    lines.push('', `The whole Worker (${subject}): ${kb(gzip_bytes)} KB gzipped, ${kb(raw_bytes)} KB as it is.`);
  }
  return lines.join('\n');
}

/** What a megapixel costs as the source grows. */
function growth(rows) {
  const grown = rows.filter(({ ms_per_megapixel }) => ms_per_megapixel).toSorted((a, b) => a.megapixels - b.megapixels);
  return [...new Set(grown.map(({ subject }) => subject))].flatMap((subject) => {
    const own = grown.filter((row) => row.subject === subject);
    const costs = own.map((row) => `${row.ms_per_megapixel.toFixed(2)} ms at ${Math.round(row.megapixels)} MP`);
    return own.length > 1 ? ['', `A megapixel of JPEG costs ${subject} ${costs.join(', ')}.`] : [];
  });
}

function cells({ task, subject, error, ...row }) {
  if (error) return [task, subject, `failed: ${error.replaceAll('|', '\\|')}`, '', '', '', '', ''];
  const range = `${row.min_ms.toFixed(1)}–${row.max_ms.toFixed(1)}`;
  const fixed = (value, digits) => value?.toFixed(digits) ?? '–';
  const time = [fixed(row.median_ms, 1), range, fixed(row.ratio_to_sharp, 2)];
  return [task, subject, ...time, row.bytes.toLocaleString('en'), fixed(row.ssimulacra2, 2), fixed(row.linear_mib, 1)];
}

const line = (cells) => `| ${cells.join(' | ')} |`;

const kb = (bytes) => (bytes / 1000).toFixed(1);

const rounded = (value, digits) => Number(value.toFixed(digits));

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
