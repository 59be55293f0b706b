// The page of options: every option that is rendered is on it, and every example of it is answered.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { GROUPS, urlOf } from '../www/examples.js';
import { startWorker } from './e2e/harness.mjs';

const ACCEPT = 'image/avif,image/webp,image/*;q=0.8';
const EXAMPLES = GROUPS.flatMap(({ examples }) => examples);

/** The rows of the README's table of options, which a test of the grammar holds to the code. */
function options() {
  const [, table] = readFileSync(new URL('../README.md', import.meta.url), 'utf8').match(/<!-- options: [^\n]*\n([^]*?)<!-- \/options -->/);
  return table.split('\n').slice(2).filter(Boolean).map((row) => {
    const cells = row.split('|').map((cell) => cell.trim());
    return { name: cells[1].replaceAll('`', ''), rendered: cells.at(-2) };
  });
}

describe('the page of options', () => {
  let worker;
  before(async () => {
    worker = await startWorker();
    await worker.seed();
  }, { timeout: 120_000 });
  after(() => worker?.close());

  test('shows every option that is rendered', () => {
    const shown = new Set(EXAMPLES.flatMap(({ options }) => options.split(',')).map((pair) => pair.split('=')[0]));
    const rendered = options().filter(({ rendered }) => rendered !== 'not yet').map(({ name }) => name);
    assert.ok(rendered.length > 70, `only ${rendered.length} rows`);
    assert.deepEqual(rendered.filter((name) => !shown.has(name)), []);
  });

  test('has an answer for every example', { timeout: 120_000 }, async () => {
    for (const example of EXAMPLES) {
      const path = urlOf(example);
      const { status, headers, body } = await worker.ask(path, { headers: { accept: ACCEPT } });
      assert.equal(status, 200, `${path}: ${body}`);
      assert.ok(headers['content-type'].startsWith(example.kind), `${path} is ${headers['content-type']}`);
      assert.ok(body.length > 20, `${path}: ${body}`);
    }
  });
});
