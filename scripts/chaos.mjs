// `npm run chaos`: does the origin keep what it acknowledged, though it is killed again and again?

import { parseArgs } from 'node:util';
import { chaos } from '../tests/e2e/chaos.mjs';
import { Stop, main, onInterrupt, say } from './lib/run.mjs';
import { ensureStable, requireRust } from './lib/tools.mjs';

const HELP = `Kills the origin (SIGKILL) again and again while clients upload to it, and looks afterwards whether every upload that it
acknowledged is there as it was sent, once, and nothing else.

  npm run chaos [-- <options>]

  --uploads <n>  how many, default 1000
  --kills <n>    how often, default 20
  --clients <n>  how many at once, default 8`;

async function run({ uploads = '1000', kills = '20', clients = '8' }) {
  const numbers = [uploads, kills, clients].map(Number);
  if (!numbers.every((number) => Number.isInteger(number) && number >= 0)) throw new Stop('--uploads, --kills and --clients are whole numbers.');
  await requireRust();
  await ensureStable();
  const found = await chaos({ uploads: numbers[0], kills: numbers[1], clients: numbers[2], tell: say });
  const { acknowledged, unfinished, retries, seconds, ...wrong } = found;
  say(`\n${acknowledged} uploads acknowledged and ${kills} kills in ${seconds.toFixed(1)} s, ${retries} requests came again, ${unfinished} files were left half written`);
  for (const [what, list] of Object.entries(wrong)) say(`${what.padEnd(12)} ${list.length}${list.length ? `: ${list.slice(0, 10).join(', ')}` : ''}`);
  if (Object.values(wrong).some((list) => list.length > 0)) process.exitCode = 1;
}

onInterrupt();
await main(async () => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const { values } = parseArgs({ options: { uploads: text, kills: text, clients: text, help: flag } });
  if (values.help) return say(HELP);
  await run(values);
});
