// Clients that are not ours, as they are installed: curl, and boto3 of PyPI.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensurePython } from '../../scripts/lib/python.mjs';
import { root } from '../../scripts/lib/paths.mjs';

/** Puts bytes by a presigned request with curl; answers the status. */
export async function curl({ url, headers }, bytes) {
  const lines = Object.entries(headers).filter(([name]) => name !== 'content-length').flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const said = await ended('curl', ['--silent', '--show-error', '--output', '/dev/null', '--write-out', '%{http_code}', '--upload-file', '-', ...lines, '--header', `content-length: ${bytes.length}`, '--header', 'transfer-encoding:', url], bytes);
  return Number(said);
}

/** Has boto3 do something: `presigned` or `put_object`, as tests/e2e/boto.py reads it. Answers what it answered. */
export async function boto(order, bytes) {
  const env = await ensurePython('boto3');
  const line = JSON.stringify({ ...order, bytes: bytes.toString('base64') });
  return JSON.parse(await ended('python3', [join(root, 'tests', 'e2e', 'boto.py')], `${line}\n`, env));
}

async function ended(command, args, input, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let [said, wrong] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (wrong += text));
  // It may answer before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${wrong}`);
  return said;
}
