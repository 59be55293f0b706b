// An origin that is killed again and again while clients upload to it, and what must hold afterwards. Looked at from
// outside: in its catalog's file and its bucket's folder, once it has had time to work everything off.

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import { announcement, putPresigned, sha256, startOrigin } from './origin.mjs';

const PRESETS = { small: 'width=8', tiny: 'width=4,format=jpeg' };
/** So long a client goes on with one upload, whatever it hears. */
const CLIENT_PATIENCE_MS = 120_000;
const QUEUE_PATIENCE_MS = 300_000;
const UNFINISHED = /#\d+$/;

/**
 * So many uploads by so many clients, during which the origin is killed so often. Answers what was found:
 * `{ acknowledged, unfinished, retries, seconds }`, of which the second is how many half-written files lie about, and the lists
 * `{ lost, wrong, orphans, missing, duplicates, dead }`, which should be empty.
 */
export async function chaos({ uploads, kills, clients = 8, tell = () => {} }) {
  const origin = await startOrigin({ PRESETS: JSON.stringify(PRESETS), VARIANTS: JSON.stringify(Object.keys(PRESETS)), RECONCILE_SECONDS: '1', LOG: 'warn' });
  try {
    const began = performance.now();
    const run = { origin, uploads, next: 0, acknowledged: [], retries: 0, isOver: false };
    const done = Promise.all(Array.from({ length: clients }, () => client(run))).finally(() => (run.isOver = true));
    // Whichever fails first ends both.
    await Promise.all([done, killing(run, kills, tell)]);
    tell(`${run.acknowledged.length} uploads were acknowledged, ${run.retries} requests came again; waiting for the queue …`);
    await idle(origin);
    // The reconciler leaves alone what is younger than an hour: it may be somebody's who has not said so yet.
    age(join(origin.folder, 'objects'));
    await wait(4_000);
    await idle(origin);
    const seconds = (performance.now() - began) / 1000;
    return { ...inspect(origin, run), retries: run.retries, seconds };
  } finally {
    await origin.close();
  }
}

/** Uploads one after the other, each until it is acknowledged. */
async function client(run) {
  while (run.next < run.uploads && !run.isOver) {
    const number = run.next++;
    const name = `chaos/${number % 10}/${number}.png`;
    const bytes = picture(number);
    const key = `chaos-${number}`;
    const id = await persist(run, () => once(run.origin, name, bytes, key));
    run.acknowledged.push({ id, name, bytes });
  }
}

/** Everything from the beginning, as a client does that knows nothing of what it did before. */
async function once(origin, name, bytes, key) {
  const begun = await origin.json('POST', '/v1/uploads', { body: announcement(name, bytes, { tags: ['chaos'] }), headers: { 'idempotency-key': key } });
  if (begun.state === 'pending') {
    const put = await putPresigned(begun.put, bytes);
    if (!put.ok) throw Object.assign(new Error(`PUT ${name}: ${put.status} ${await put.text()}`), { status: put.status });
  }
  await origin.json('POST', `/v1/uploads/${begun.id}/complete`);
  return begun.id;
}

async function persist(run, attempt) {
  for (const deadline = Date.now() + CLIENT_PATIENCE_MS; ; ) {
    try {
      return await attempt();
    } catch (error) {
      // What the origin refuses it will always refuse; that is a finding, and not bad luck.
      const isRefused = error.status && error.status < 500 && ![408, 409, 429].includes(error.status);
      if (isRefused || Date.now() > deadline) throw error;
      run.retries += 1;
      await wait(20 + Math.random() * 100);
    }
  }
}

/** Kills the origin at moments spread over all uploads, and starts it again at once. */
async function killing(run, kills, tell) {
  for (let kill = 1; kill <= kills; kill++) {
    const due = Math.floor((run.uploads * kill) / (kills + 1));
    while (run.acknowledged.length < due && !run.isOver) await wait(2);
    await wait(Math.random() * 30);
    if (run.isOver && run.acknowledged.length < due) return;
    await run.origin.kill('SIGKILL');
    tell(`killed for the ${kill}. time, with ${run.acknowledged.length} of ${run.uploads} uploads acknowledged`);
    await run.origin.start();
  }
}

/** Waits until there is no work that is not dead. */
async function idle(origin) {
  for (const deadline = Date.now() + QUEUE_PATIENCE_MS; ; await wait(200)) {
    const [{ count }] = rows(origin, "SELECT count(*) AS count FROM jobs WHERE state <> 'dead'");
    if (count === 0) return;
    if (Date.now() > deadline) throw new Error(`${count} jobs are still there:\n${origin.log.slice(-20).join('\n')}`);
  }
}

/** Makes everything in the bucket that is no picture two hours older. */
function age(objects) {
  const then = new Date(Date.now() - 7_200_000);
  for (const key of ['uploads', 'variants', 'parts'].flatMap((folder) => filesBelow(objects, folder))) utimesSync(join(objects, key), then, then);
}

function rows(origin, sql) {
  const catalog = new DatabaseSync(join(origin.folder, 'catalog.sqlite'), { readOnly: true });
  try {
    return catalog.prepare(sql).all();
  } finally {
    catalog.close();
  }
}

/** What is wrong, in catalog and bucket. */
function inspect(origin, { acknowledged }) {
  const objects = join(origin.folder, 'objects');
  const images = rows(origin, 'SELECT id, name, version, object_key, sha256, variants FROM images WHERE deleted_ms IS NULL');
  const uploads = new Map(rows(origin, 'SELECT id, state, image_id FROM uploads').map((upload) => [upload.id, upload]));
  const byName = Map.groupBy(images, ({ name }) => name);
  const lost = acknowledged.filter(({ id, name }) => uploads.get(id)?.state !== 'ready' || !byName.has(name)).map(({ id, name }) => `${name} (${uploads.get(id)?.state})`);
  const wrong = acknowledged.filter(({ name, bytes }) => byName.has(name) && !isSame(objects, byName.get(name)[0], bytes)).map(({ name }) => name);
  const duplicates = [...byName].filter(([, all]) => all.length > 1 || all[0].version !== 1).map(([name]) => name);
  if (uploads.size !== acknowledged.length) duplicates.push(`${uploads.size} uploads for ${acknowledged.length}`);
  const variants = images.flatMap((image) => JSON.parse(image.variants).map(({ object_key: key }) => key));
  const known = new Set([...variants, ...images.map(({ object_key: key }) => key)]);
  const there = ['uploads', 'variants', 'pictures', 'parts'].flatMap((folder) => filesBelow(objects, folder));
  // Files that object_store was writing when it was killed, beside their names: no listing shows them, and they are no objects.
  const [unfinished, objectsThere] = [there.filter((key) => UNFINISHED.test(key)), there.filter((key) => !UNFINISHED.test(key))];
  const orphans = objectsThere.filter((key) => !known.has(key));
  const missing = [...known].filter((key) => !existsSync(join(objects, key)));
  if (variants.length !== images.length * Object.keys(PRESETS).length) missing.push(`${variants.length} variants of ${images.length} pictures`);
  const dead = rows(origin, "SELECT kind, subject, error FROM jobs WHERE state = 'dead'").map(({ kind, subject, error }) => `${kind} ${subject}: ${error}`);
  return { acknowledged: acknowledged.length, unfinished: unfinished.length, lost, wrong, orphans, missing, duplicates, dead };
}

function isSame(objects, image, bytes) {
  const path = join(objects, image.object_key);
  return image.sha256 === sha256(bytes) && existsSync(path) && readFileSync(path).equals(bytes);
}

function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`);
  return names.filter((name) => statSync(join(root, name)).isFile());
}

/** A PNG of 16×16 pixels that nobody else has. */
function picture(number) {
  const side = 16;
  const row = () => Buffer.concat([Buffer.of(0), randomBytes(side * 3)]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const text = Buffer.from(`Comment\0chaos ${number}`);
  const rows = Buffer.concat(Array.from({ length: side }, row));
  const chunks = [['IHDR', header], ['tEXt', text], ['IDAT', deflateSync(rows)], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks.map(([kind, body]) => chunk(kind, body))]);
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
