// `npm run soak`: the Worker under load for a long time, on its bad days. What is measured and how is in benches/soak.mjs.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { npmBin, root } from './lib/paths.mjs';
import { Stop, main, onInterrupt, run, say } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { setUp } from './setup.mjs';

const HELP = `Lets the built Worker answer 70 % of what it can for a long time, nine cached pictures to one that is made, while
5 % of what it asks of its source fail. Ends with a failure when somebody got what they should not, or memory grew.

  npm run soak [-- --minutes <n>] [-- --built]

  --minutes <n>  how long, default 10
  --built        take the Worker as it was built last, without building it first`;

async function soak({ minutes = '10', built }) {
  if (!(Number(minutes) > 0)) throw new Stop(`--minutes ${minutes} is no number of minutes.`);
  await setUp();
  if (!built) await build();
  const env = toolEnvironment();
  const picture = join(await makeSamples(env), 'photo.jpg');
  // On the Node that npm installed, which wrangler needs.
  await run(npmBin('node'), [join(root, 'benches', 'soak.mjs'), picture, minutes], { cwd: root, env });
}

onInterrupt();
await main(async () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, built: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return say(HELP);
  await soak(values);
});
