// `npm start`: everything from a fresh clone to an edge and an origin that answer.

import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { npmBin, root, target } from './lib/paths.mjs';
import { Stop, end, main, onInterrupt, run, say, start } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { hashOf, setStamp, stampIs } from './lib/stamp.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { checkPolicy } from './policy.mjs';
import { setUp } from './setup.mjs';

const HELP = `Builds Lenslet, fills a local bucket with sample pictures, and runs it until Ctrl-C.

  npm start [-- --port <edge port>] [-- --origin-port <origin port>]

  --port         the edge, default 8787 (or LENSLET_PORT)
  --origin-port  the origin, default 8788 (or LENSLET_ORIGIN_PORT)

Both listen on 127.0.0.1 only. The local bucket is kept under .wrangler/; deleting that folder empties it.`;

const HOST = '127.0.0.1';
/** A picture that has to be fetched, decoded and resized: an edge that answers this one is ready. */
const PROOF = '/image/width=64/samples/photo.jpg';
const PATIENCE_SECONDS = 120;

async function startAll({ edgePort, originPort }) {
  await requireFree(edgePort, '--port');
  await requireFree(originPort, '--origin-port');
  await setUp();
  await checkPolicy();
  await build();
  const env = toolEnvironment();
  say('Building the origin …');
  await run('cargo', ['build', '--locked', '--package', 'lenslet-origin'], { cwd: root, env });
  await seed(await makeSamples(env), env);

  say('Starting …');
  const edge = service('edge', npmBin('wrangler'), edgeArguments(edgePort), env);
  const binary = join(target, 'debug', 'lenslet-origin');
  const origin = service('origin', binary, [], { ...env, LENSLET_ORIGIN_ADDR: `${HOST}:${originPort}` });
  const died = Promise.race([edge.died, origin.died]);
  // Listened to below; this keeps an early death from counting as unhandled until then.
  died.catch(() => {});

  const [edgeUrl, originUrl] = [edgePort, originPort].map((port) => `http://${HOST}:${port}`);
  await Promise.race([died, Promise.all([answers(edgeUrl + PROOF), answers(`${originUrl}/healthz`)])]);
  say(`Lenslet is ready: ${edgeUrl}/ (edge; try ${edgeUrl}/image/width=800,format=auto/samples/photo.jpg) and ${originUrl}/healthz (origin). Ctrl-C ends it.`);
  await died;
}

async function requireFree(port, flag) {
  const server = createServer();
  const error = await new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, HOST, () => server.close(() => resolve(null)));
  });
  if (error?.code === 'EADDRINUSE') throw new Stop(`Port ${port} is taken. End what listens there, or choose another one: npm start -- ${flag} ${port + 10}`);
  if (error) throw new Stop(`Port ${port} cannot be used: ${error.message}`);
}

async function seed(folder, env) {
  // Beside the bucket, so that it goes when the bucket is deleted.
  const stamp = join(root, '.wrangler', 'state', 'lenslet-samples.stamp');
  const hash = hashOf([folder, join(root, 'scripts/lib/seed.mjs')]);
  if (stampIs(stamp, hash)) return;
  say('Filling the local bucket …');
  await run(npmBin('node'), [join(root, 'scripts/lib/seed.mjs'), folder, 'samples/'], { cwd: root, env });
  setStamp(stamp, hash);
}

function edgeArguments(port) {
  return [
    ...['dev', '--local', '--ip', HOST, '--port', String(port)],
    // Any free port: 9229 is often a debugger's already. And no keys: Ctrl-C is all there is.
    ...['--inspector-port', '0', '--inspector-ip', HOST, '--show-interactive-dev-session=false'],
    // Open to everyone where no policy says otherwise, originals too: this is the developer's own machine.
    ...['--var', 'ACCESS:public', '--var', 'ORIGINALS:public'],
  ];
}

/** Starts one of the two and labels its lines; `died` rejects when it ends, which it should not. */
function service(name, command, args, env) {
  const child = start(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => line.trim() && say(`${name.padEnd(6)} | ${line}`));
  }
  const died = child.closed.then(({ code, signal, error }) => {
    throw new Stop(`The ${name} ended by itself (${error?.message ?? signal ?? `code ${code}`}); its last lines above say why.`);
  });
  died.catch(() => {});
  return { child, died };
}

/** Resolves once `url` answers as it should. */
async function answers(url) {
  let last = 'nothing';
  for (const deadline = Date.now() + PATIENCE_SECONDS * 1000; Date.now() < deadline; ) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
      // Whoever is asked for a grant is answered by a Worker that runs, under policies that say so.
      if (response.ok || [401, 403].includes(response.status)) return void (await response.arrayBuffer());
      last = `${response.status} ${(await response.text()).slice(0, 300)}`;
      // It runs and says no: it will not say anything else later.
      if (response.status < 500) break;
    } catch (error) {
      last = error.cause?.message || error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Stop(`${url} does not answer as it should: ${last}`);
}

function portOf(flag, variable, fallback) {
  const text = flag ?? process.env[variable] ?? String(fallback);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Stop(`${JSON.stringify(text)} is not a port: it is a number from 1 to 65535.`);
}

onInterrupt(() => say('\nStopping …'), 0);
await main(async () => {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, 'origin-port': { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return say(HELP);
  await startAll({
    edgePort: portOf(values.port, 'LENSLET_PORT', 8787),
    originPort: portOf(values['origin-port'], 'LENSLET_ORIGIN_PORT', 8788),
  });
});
