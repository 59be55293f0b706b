// `npm run soak`: the Worker under load for a long time, on its bad days. What is measured and how is in benches/soak.mjs.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { npmBin, root } from './lib/paths.mjs';
import { Stop, main, onInterrupt, run, say } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { setUp } from './setup.mjs';

const HELP = `Measures what the built Worker can answer, then asks it for 70 % of that for a long time, nine cached pictures to one
that is made, while 5 % of what it asks of its source fail. Ends with a failure when somebody got what they should not, or memory grew.

  npm run soak [-- <options>]

  --minutes <n>  how long, default 10
  --percent <n>  how much of what it can, default 70; on a machine with other work, less
  --built        take the Worker as it was built last, without building it first`;

async function soak({ minutes = '10', percent = '70', built }) {
  if (![minutes, percent].every((text) => Number(text) > 0)) throw new Stop('--minutes and --percent are numbers above 0.');
  await setUp();
  if (!built) await build();
  const env = toolEnvironment();
  const picture = join(await makeSamples(env), 'photo.jpg');
  // On the Node that npm installed, which wrangler needs.
  await run(npmBin('node'), [join(root, 'benches', 'soak.mjs'), picture, minutes, percent], { cwd: root, env });
}

onInterrupt();
await main(async () => {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const { values } = parseArgs({ options: { minutes: text, percent: text, built: flag, help: flag } });
  if (values.help) return say(HELP);
  await soak(values);
});
