// Packages of PyPI that tests and measurements ask, at the versions of `<name>.txt` beside this file: into a folder of the
// user's cache, and nowhere else.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolsFolder } from './paths.mjs';
import { Stop, ask, environment, say } from './run.mjs';
import { hashOf } from './stamp.mjs';
import { installAside } from './tools.mjs';

/** Gets them once for this machine; answers the environment in which `python3` finds them. */
export async function ensurePython(name) {
  const requirements = join(root, 'scripts', 'lib', `${name}.txt`);
  const folder = join(toolsFolder(), `python-${name}-${hashOf([requirements]).slice(0, 12)}`);
  if (!existsSync(folder)) {
    await requirePip(name);
    say(`Getting ${name} from PyPI, once for this machine …`);
    await installAside(folder, name, (aside) => install(name, requirements, aside));
  }
  return environment([], { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' });
}

export async function requirePip(name) {
  if ((await ask('python3', ['-m', 'pip', '--version'], { env: environment() })).ok) return;
  throw new Stop(`python3 with pip is missing, which gets ${name}. Install it (Debian: apt-get install python3-pip; macOS: brew install python) and try again.`);
}

async function install(name, requirements, folder) {
  // All of them are named, so none is looked for; and no code of theirs runs before it is asked to.
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
  // What pip says of other packages of this machine is no news here.
  const { ok } = await ask('python3', [...pip, '--target', folder, '--requirement', requirements], { cwd: folder, env: environment() });
  if (!ok) throw new Stop(`${name} could not be got from PyPI: python3 ${pip.join(' ')} --requirement ${requirements}`);
}
