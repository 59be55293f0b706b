// One process of workerd, from its configuration to its end.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The only socket that has no name of its own. */
export const INSPECTOR = 'inspector';

const workerd = createRequire(createRequire(import.meta.url).resolve('wrangler')).resolve('workerd');

/** Runs a configuration with these sockets until `close()`; `ports` are theirs by name, and that of `INSPECTOR` where it is `inspected`. */
export async function startRuntime(configuration, sockets, { inspected }) {
  const folder = mkdtempSync(join(tmpdir(), 'lenslet-bare-'));
  const file = join(folder, 'config.capnp');
  writeFileSync(file, configuration);
  const { default: { default: program } } = await import(workerd);
  // The third descriptor is where the runtime says which ports it got.
  const child = spawn(program, ['serve', '--import-path=/', '--control-fd=3', ...(inspected ? ['--inspector-addr=127.0.0.1:0'] : []), file], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  // Told politely to end, it would wait for those who never get an answer.
  const end = () => child.kill('SIGKILL');
  process.on('exit', end);
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const closed = new Promise((resolve) => child.on('close', resolve));
  const close = async () => {
    end();
    process.off('exit', end);
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ports = await heard(child.stdio[3], closed, [...sockets, ...(inspected ? [INSPECTOR] : [])], lines);
    return { ports, lines, rss: () => residentBytes(child.pid), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The ports of these sockets, once all of them were named. */
async function heard(stream, closed, names, lines) {
  const ports = {};
  const all = new Promise((resolve) => {
    createInterface({ input: stream }).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event.startsWith('listen')) ports[socket ?? INSPECTOR] = port;
      if (names.every((name) => ports[name])) resolve(ports);
    });
  });
  const early = closed.then((code) => Promise.reject(new Error(`workerd ended with ${code}:\n${lines.join('\n')}`)));
  return Promise.race([all, early]);
}

/** Linux tells it in its own file system; others do not. */
function residentBytes(pid) {
  try {
    const [, kib] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m);
    return Number(kib) * 1024;
  } catch {
    return null;
  }
}
