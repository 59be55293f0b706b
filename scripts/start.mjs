// `npm start`: everything from a fresh clone to an edge and an origin that answer.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { bucketName, localSecrets, originSettings, setting, writeLocalToml } from './lib/local.mjs';
import { npmBin, root } from './lib/paths.mjs';
import { buildPrograms, lenslet, lensletOrigin } from './lib/programs.mjs';
import { Stop, end, main, onInterrupt, run, say, start } from './lib/run.mjs';
import { makeSamples } from './lib/samples.mjs';
import { hashOf, setStamp, stampIs } from './lib/stamp.mjs';
import { toolEnvironment } from './lib/tools.mjs';
import { checkPolicy } from './policy.mjs';
import { setUp } from './setup.mjs';

const HELP = `Builds Lenslet, fills a local bucket with sample pictures, and runs edge and origin on it until Ctrl-C.

  npm start [-- --port <edge port>] [-- --origin-port <origin port>]

  --port         the edge, default 8787 (or LENSLET_PORT)
  --origin-port  the origin, default 8788 (or LENSLET_ORIGIN_PORT)

Both listen on 127.0.0.1 only. Bucket, catalog and the keys made for them are kept under .wrangler/; deleting that folder
empties all of them.`;

const HOST = '127.0.0.1';
/** A picture that has to be fetched, decoded and resized: an edge that answers this one is ready. */
const PROOF = '/image/width=64/samples/photo.jpg';
const PATIENCE_SECONDS = 120;
/** Beside the bucket, so that both go together. */
const STATE = join(root, '.wrangler', 'state', 'lenslet');

async function startAll({ edgePort, originPort }) {
  await requireFree(edgePort, '--port');
  await requireFree(originPort, '--origin-port');
  await setUp();
  await checkPolicy();
  await build();
  const env = toolEnvironment();
  say('Building the origin and the command line …');
  await buildPrograms(env);
  await seed(await makeSamples(env), env);

  say('Starting …');
  const [edgeUrl, originUrl] = [edgePort, originPort].map((port) => `http://${HOST}:${port}`);
  const secrets = await localSecrets(STATE, env);
  const edge = service('edge', npmBin('wrangler'), await edgeArguments(edgePort, secrets, env), env);
  // The bucket is the edge's, and the origin looks at it when it starts.
  await Promise.race([edge.died, answers(edgeUrl + PROOF)]);
  const origin = service('origin', lensletOrigin, [], await originEnvironment(originPort, edgeUrl, secrets, env));
  const died = Promise.race([edge.died, origin.died]);
  // Listened to below; this keeps an early death from counting as unhandled until then.
  died.catch(() => {});
  await Promise.race([died, answers(`${originUrl}/healthz`)]);
  say(welcome(edgeUrl, originUrl, secrets));
  await died;
}

/** What to try first. */
function welcome(edgeUrl, originUrl, { tokenKeys }) {
  const shown = (path) => relative(process.cwd(), path);
  const token = `${shown(lenslet)} token --keys ${shown(tokenKeys)} --issuer npm-start --audience origin --expires 7d`;
  const scopes = ['images:read', 'images:write', 'images:private', 'admin'].map((scope) => `--scope ${scope}`).join(' ');
  return `
Lenslet is ready. Ctrl-C ends it.

  edge    ${edgeUrl}/
          ${edgeUrl}/image/width=800,format=auto/samples/photo.jpg
  origin  ${originUrl}/docs

In another terminal, from here:

  export LENSLET_TO=${originUrl}
  export LENSLET_TOKEN=$(${token} ${scopes})
  ${shown(lenslet)} upload --recursive --tag mine <your pictures>
  ${shown(lenslet)} search mine

Your pictures are then ${edgeUrl}/image/preset=medium/pictures/default/<name>
`;
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

/** The keys that sign purges are those of the settings, where those have any. */
const adminKeys = async (secrets, env) => (await setting('ADMIN_KEYS', env)) ?? readFileSync(secrets.adminKeys, 'utf8');

async function originEnvironment(port, edgeUrl, secrets, env) {
  const bucket = bucketName(readFileSync(join(root, 'wrangler.toml'), 'utf8'));
  const settings = await originSettings({ edgeUrl, bucket, secrets, presets: await setting('PRESETS', env), env });
  return {
    ...env,
    ...settings,
    LENSLET_ORIGIN_ADDR: `${HOST}:${port}`,
    LENSLET_ORIGIN_EDGE_ADMIN_KEYS: await adminKeys(secrets, env),
    LENSLET_ORIGIN_LOG_FORMAT: 'text',
    LENSLET_ORIGIN_DATABASE: `sqlite:${join(STATE, 'catalog.sqlite')}`,
  };
}

async function edgeArguments(port, secrets, env) {
  const config = writeLocalToml(secrets.credentials, { ADMIN_KEYS: await adminKeys(secrets, env) });
  return [
    ...['dev', '--config', config, '--local', '--ip', HOST, '--port', String(port)],
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
