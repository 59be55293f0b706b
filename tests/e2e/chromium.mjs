// The Chromium that pages are opened in.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The Chromium that `npm test` found, or one on PATH. */
export function findChromium() {
  if (process.env.LENSLET_CHROMIUM) return process.env.LENSLET_CHROMIUM;
  const folders = process.env.PATH.split(delimiter);
  const paths = ['chromium', 'google-chrome-stable', 'google-chrome'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts it; whoever does closes it. */
export const openChromium = () => chromium.launch({ executablePath: findChromium(), args: ARGS });
