// A Chromium for the tests of the page: the one on PATH, or Debian's package where we may install it.

import { ask, say, start } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** `{ path }` of a Chromium that starts, or `{ note }` saying why there is none. */
export async function findChromium(env) {
  const path = (await onPath(env)) ?? ((await install(env)) ? await onPath(env) : null);
  return path ? { path } : { note: 'there is no Chromium and it could not be installed, so no browser opened the page.' };
}

async function onPath(env) {
  for (const name of NAMES) {
    // Ubuntu's `chromium-browser` is a stub that fails unless a snap is there: so it is asked.
    if (!(await ask(name, ['--version'], { env })).ok) continue;
    return (await ask('which', [name], { env })).text.trim();
  }
  return null;
}

async function install(env) {
  if (!(await ask('apt-get', ['--version'], { env })).ok) return false;
  const root = process.getuid?.() === 0;
  if (!root && !(await ask('sudo', ['-n', 'true'], { env })).ok) return false;
  say('Installing Chromium for the tests of the page …');
  const apt = async (...args) => {
    // A failure here is no failure of ours: the summary will say that there is no browser.
    const words = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', ...args];
    const [command, ...rest] = root ? words : ['sudo', '-n', ...words];
    const { code } = await start(command, rest, { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } }).closed;
    return code === 0;
  };
  return (await apt('update')) && (await apt('install', '--yes', '--no-install-recommends', 'chromium'));
}
