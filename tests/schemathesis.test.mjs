// Schemathesis asks the running origin whatever its OpenAPI document allows, and what it does not: nothing may be answered
// that the document does not say, and nothing may fail inside.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../scripts/lib/paths.mjs';
import { ensurePython } from '../scripts/lib/python.mjs';
import { startOrigin } from './e2e/origin.mjs';

/** For each operation and each phase. `npm run schemathesis` takes more. */
const EXAMPLES = process.env.LENSLET_EXAMPLES ?? '8';
const configuration = join(root, 'tests', 'e2e', 'schemathesis.toml');
const SEED = process.env.LENSLET_SEED ?? '1';

let origin;
before(async () => {
  origin = await startOrigin({ LOG: 'warn' });
});
after(() => origin?.close());

test('every answer is one that the document tells of', { timeout: 600_000 }, async (t) => {
  const env = await ensurePython('schemathesis');
  // One worker: CPython 3.11 counts the depth of `ast.parse` for all threads together, and Hypothesis parses in each
  // ("AST constructor recursion depth mismatch", python/cpython#106905).
  const options = [
    ...['--url', origin.url, '--header', `Authorization: Bearer ${origin.token()}`],
    ...['--checks', 'all', '--max-examples', EXAMPLES, '--seed', SEED, '--phases', 'examples,coverage,fuzzing,stateful'],
    ...['--max-failures', '200', '--suppress-health-check', 'all', '--workers', '1', '--request-timeout', '40', '--no-color'],
  ];
  const child = spawn('python3', ['-m', 'schemathesis.cli', '--config-file', configuration, 'run', `${origin.url}/openapi.json`, ...options], { env, cwd: origin.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  const inside = origin.log.filter((line) => line.includes('ERROR')).slice(-20);
  // The token of the reproductions is good for an hour and a process that is gone.
  t.diagnostic(said.split('\n').filter((line) => /Test cases|API Operations|passed|failed/.test(line)).join('; '));
  assert.equal(code, 0, `${said}\n${inside.join('\n')}`);
});
