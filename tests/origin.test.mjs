// Edge and origin on one bucket: wrangler's local one, which the Worker reads by its binding and the origin through S3.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { S3_PATH, setting } from '../scripts/lib/local.mjs';
import { buildPrograms } from '../scripts/lib/programs.mjs';
import { toolEnvironment } from '../scripts/lib/tools.mjs';
import { boto, curl } from './e2e/clients.mjs';
import { urlKey } from './e2e/grants.mjs';
import { startWorker } from './e2e/harness.mjs';
import { announcement, looked, startOrigin, upload } from './e2e/origin.mjs';
import { header, plainPng } from './e2e/picture.mjs';
import { sample } from './e2e/samples.mjs';

const CREDENTIALS = { access_key_id: 'LOCALTESTS', secret_access_key: randomBytes(20).toString('hex') };
/** So long anything may take that others do when they come to it. */
const PATIENCE_MS = 30_000;

let edge;
let origin;
let presets;
let server;
before(async () => {
  await buildPrograms(toolEnvironment());
  presets = JSON.parse(await setting('PRESETS', toolEnvironment()));
  const keys = JSON.stringify({ keys: [urlKey('admin')] });
  // What the edge knows of a source is good for an hour: only a purge tells it otherwise.
  edge = await startWorker({ FRESH_SECONDS: '3600', MISSING_SECONDS: '1', ADMIN_KEYS: keys, PRESETS: presets }, { s3: CREDENTIALS });
  await edge.seed();
  const edgeUrl = edge.url.replace(/\/$/, '');
  server = { endpoint: `${edgeUrl}${S3_PATH}`, bucket: 'lenslet', region: 'auto', credentials: CREDENTIALS };
  origin = await startOrigin({
    STORE: `s3:${server.bucket}`,
    S3_ENDPOINT: server.endpoint,
    S3_CREDENTIALS: JSON.stringify(CREDENTIALS),
    EDGE_URL: edgeUrl,
    EDGE_ADMIN_KEYS: keys,
    PRESETS: JSON.stringify(presets),
    VARIANTS: JSON.stringify(Object.keys(presets)),
    RECONCILE_SECONDS: '2',
  });
});
after(async () => {
  await origin?.close();
  await edge?.close();
});

const at = (name) => `/image/width=320,format=png/pictures/default/${name}`;
const found = async (query) => (await origin.json('GET', `/v1/images?${query}`)).images.map(({ name }) => name);

async function until(what, holds) {
  for (const end = Date.now() + PATIENCE_MS; ; await wait(200)) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`${what}: it never was so\n${origin.log.slice(-20).join('\n')}`);
  }
}

async function ready(id) {
  const seen = await looked(origin, id);
  assert.equal(seen.state, 'ready', JSON.stringify(seen));
  return seen.image;
}

test('a picture is uploaded, found, served, replaced and deleted', { timeout: 180_000 }, async () => {
  const [photo, other] = [await sample('photo.jpg'), await sample('rotated.jpg')];
  const name = 'trip/harbour.jpg';

  const first = await ready((await upload(origin, name, photo, { title: 'The harbour at dusk', tags: ['Sea'] })).id);
  const image = await origin.json('GET', `/v1/images/${first.id}`);
  assert.deepEqual([image.name, image.version, image.key, image.tags], [name, 1, `pictures/default/${name}`, ['sea']]);
  assert.deepEqual(image.variants.map(({ preset }) => preset), Object.keys(presets));
  for (const { preset, media_type: type, width } of image.variants) {
    const variant = await origin.ask('GET', `/v1/images/${image.id}/variants/${preset}`);
    const bytes = Buffer.from(await variant.arrayBuffer());
    assert.deepEqual([variant.status, variant.headers.get('content-type'), header(bytes).width], [200, type, width], preset);
  }
  for (const query of ['q=harbour', 'q=harb', 'tag=sea&format=jpeg', 'q=dusk&min_width=10']) assert.deepEqual(await found(query), [name], query);
  assert.deepEqual(await found('q=mountain'), []);

  const before = await edge.ask(at(name));
  assert.deepEqual([before.status, header(before.body).width], [200, 320]);
  for (const preset of Object.keys(presets)) assert.equal((await edge.ask(`/image/preset=${preset}/pictures/default/${name}`)).status, 200, preset);

  const second = await ready((await upload(origin, name, other)).id);
  assert.deepEqual(second, { id: first.id, version: 2 });
  await until('the edge shows the new one', async () => {
    const now = await edge.ask(at(name));
    return now.status === 200 && !now.body.equals(before.body);
  });

  await origin.json('DELETE', `/v1/images/${first.id}`);
  assert.deepEqual(await found('q=harbour'), []);
  assert.equal((await origin.ask('GET', `/v1/images/${first.id}`, { bearer: origin.token({ scope: 'images:read' }) })).status, 404);
  await until('the edge has it no more', async () => (await edge.ask(at(name))).status === 404);

  await origin.json('POST', `/v1/images/${first.id}/restore`);
  await until('it is back', async () => (await edge.ask(at(name))).status === 200);
  assert.deepEqual(await found('q=harbour'), [name]);
});

test('curl and boto3 put what was announced, and nothing else', { timeout: 120_000 }, async () => {
  const picture = plainPng(40, 30);
  const put = { curl, boto: async (order, bytes) => (await boto({ do: 'presigned', url: order.url, headers: order.headers }, bytes)).status };
  for (const [client, send] of Object.entries(put)) {
    const begun = await origin.json('POST', '/v1/uploads', { body: announcement(`by-${client}.png`, picture) });
    const refused = await send(begun.put, Buffer.concat([picture, Buffer.from('more')]));
    assert.ok(refused >= 400 && refused < 500, `${client}: a longer body was answered ${refused}`);
    assert.equal(await send(begun.put, picture), 200, client);
    await origin.json('POST', `/v1/uploads/${begun.id}/complete`);
    await ready(begun.id);
    assert.equal((await edge.ask(at(`by-${client}.png`))).status, 200, client);
  }
  // As long as announced, and other bytes: whether bucket or origin finds out, it is never a picture.
  const wrong = Buffer.from(picture);
  wrong[wrong.length - 20] ^= 1;
  const begun = await origin.json('POST', '/v1/uploads', { body: announcement('wrong.png', picture) });
  await curl(begun.put, wrong);
  const refused = await origin.ask('POST', `/v1/uploads/${begun.id}/complete`);
  assert.ok([409, 422].includes(refused.status), `${refused.status} ${await refused.text()}`);
});

test('what another client puts into the bucket becomes a picture as well', { timeout: 120_000 }, async () => {
  const put = await boto({ do: 'put_object', server, key: 'pictures/default/by-hand/x.png', media_type: 'image/png' }, plainPng(64, 48));
  assert.equal(put.status, 200);
  await until('it is found', async () => (await found('q=hand')).includes('by-hand/x.png'));
  assert.equal((await edge.ask(at('by-hand/x.png'))).status, 200);
});
