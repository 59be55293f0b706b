// A Worker that uses R2, KV and the Cache API in all ways that our services know, and tells what it saw: the same under
// Miniflare and under ours.

const OLD = new Date('2020-01-01T00:00:00Z');
const LATE = new Date('2100-01-01T00:00:00Z');

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/kv') return Response.json(await ran(kv(env.NAMES)));
    if (pathname === '/cache') return Response.json(await ran(cache(caches.default)));
    if (pathname === '/r2') return Response.json(await ran(r2(env.PICTURES)));
    if (pathname === '/other') return Response.json(await ran({ there: async () => shown(await env.ARCHIVE.head('a')) }));
    const [, name] = pathname.match(/^\/keep\/(.*)$/) ?? [];
    if (name) {
      await caches.default.put(`https://kept.invalid/${name}`, new Response('x'.repeat(400), { headers: { 'cache-control': 'max-age=60' } }));
      return new Response();
    }
    // One look at each, as often as a test wants it.
    const [, key] = pathname.match(/^\/get\/(.*)$/);
    const steps = {
      get: async () => (await env.PICTURES.get(key))?.text(),
      cached: async () => Boolean(await caches.default.match(`https://kept.invalid/${key}`)),
      named: () => env.NAMES.get(key),
    };
    return Response.json(await ran(steps));
  },
};

/** What each step gave, or the words of its error, one after the other. */
async function ran(steps) {
  const seen = {};
  for (const [name, step] of Object.entries(steps)) {
    seen[name] = await step().then((value) => value ?? null, (error) => `error: ${error.message}`);
  }
  return seen;
}

/** An object but for what differs each time. */
function shown(object) {
  if (!object) return object;
  const { key, size, etag, httpEtag, httpMetadata, customMetadata, range, checksums, version, uploaded } = object;
  const isNow = Math.abs(Date.now() - uploaded) < 60_000;
  return { key, size, etag, httpEtag, httpMetadata, customMetadata, range, checksums: checksums.toJSON(), version: version.length, isNow, hasBody: 'body' in object };
}

const r2 = (bucket) => {
  const text = async (...asked) => {
    const object = await bucket.get(...asked);
    return object && { ...shown(object), text: object.body ? await object.text() : undefined };
  };
  const list = async (...asked) => {
    const { objects, ...page } = await bucket.list(...asked);
    return { ...page, cursor: typeof page.cursor, objects: objects.map(shown) };
  };
  const etag = '5d41402abc4b2a76b9719d911017c592';
  return {
    missingHead: () => bucket.head('nothing'),
    missingGet: () => bucket.get('nothing'),
    put: async () => shown(await bucket.put('a', 'hello', { httpMetadata: { contentType: 'text/plain', cacheControl: 'max-age=1', cacheExpiry: LATE }, customMetadata: { one: '1', two: 'zwei' } })),
    head: async () => shown(await bucket.head('a')),
    get: () => text('a'),
    empty: async () => [shown(await bucket.put('empty', '')), await text('empty')],
    odd: async () => [shown(await bucket.put('ä ?/#%', 'odd')), await text('ä ?/#%')],
    range: () => text('a', { range: { offset: 1, length: 2 } }),
    offset: () => text('a', { range: { offset: 3 } }),
    long: () => text('a', { range: { offset: 3, length: 100 } }),
    suffix: () => text('a', { range: { suffix: 2 } }),
    header: () => text('a', { range: new Headers({ range: 'bytes=1-3' }) }),
    behind: () => text('a', { range: { offset: 9 } }),
    matches: () => text('a', { onlyIf: { etagMatches: etag } }),
    matchesNot: () => text('a', { onlyIf: { etagMatches: 'other' } }),
    differs: () => text('a', { onlyIf: { etagDoesNotMatch: 'other' } }),
    differsNot: () => text('a', { onlyIf: { etagDoesNotMatch: etag } }),
    after: () => text('a', { onlyIf: { uploadedAfter: OLD } }),
    afterNot: () => text('a', { onlyIf: { uploadedAfter: LATE } }),
    before: () => text('a', { onlyIf: { uploadedBefore: LATE } }),
    beforeNot: () => text('a', { onlyIf: { uploadedBefore: OLD } }),
    headers: () => text('a', { onlyIf: new Headers({ 'if-none-match': `"${etag}"`, 'if-modified-since': OLD.toUTCString() }) }),
    tagBeforeDate: () => text('a', { onlyIf: { etagDoesNotMatch: 'other', uploadedAfter: LATE } }),
    putIfAbsent: async () => shown(await bucket.put('a', 'x', { onlyIf: new Headers({ 'if-none-match': '*' }) })),
    putIfNew: async () => shown(await bucket.put('new', 'x', { onlyIf: new Headers({ 'if-none-match': '*' }) })),
    putIfMatches: async () => shown(await bucket.put('a', 'hello', { onlyIf: { etagMatches: etag } })),
    putIfMatchesNot: async () => shown(await bucket.put('a', 'hello', { onlyIf: { etagMatches: 'other' } })),
    putIfMatchesNothing: async () => shown(await bucket.put('absent', 'x', { onlyIf: { etagMatches: etag } })),
    putRight: async () => shown(await bucket.put('digest', 'hello', { md5: etag })),
    putWrong: async () => (await bucket.put('digest', 'hallo', { md5: etag }).catch(() => 'refused')) === 'refused',
    stream: async () => shown(await bucket.put('stream', new Blob(['streamed']).stream().pipeThrough(new FixedLengthStream(8)))),
    many: async () => void (await Promise.all(['x/1', 'x/2', 'x/y/1', 'x/y/2', 'x/z/1', 'xx'].map((key) => bucket.put(key, key, { customMetadata: { key } })))),
    list: () => list({ prefix: 'x/' }),
    listIncluding: () => list({ prefix: 'x/y', include: ['customMetadata', 'httpMetadata'] }),
    listGrouped: () => list({ prefix: 'x/', delimiter: '/' }),
    listAfter: () => list({ startAfter: 'x/y/1' }),
    listPages: async () => {
      const pages = [];
      for (let cursor; pages.length < 9; ) {
        const page = await bucket.list({ prefix: 'x/', limit: 2, delimiter: '/', cursor });
        pages.push([page.objects.map(({ key }) => key), page.delimitedPrefixes, page.truncated]);
        if (!page.truncated) break;
        ({ cursor } = page);
      }
      return pages;
    },
    delete: async () => [await bucket.delete('x/1'), await bucket.delete(['x/2', 'xx', 'never']), (await bucket.list({ prefix: 'x' })).objects.map(({ key }) => key)],
  };
};

const kv = (names) => ({
  missing: () => names.get('nothing'),
  put: () => names.put('a b/ü', 'text', { metadata: { n: 1 } }),
  get: () => names.get('a b/ü'),
  withMetadata: () => names.getWithMetadata('a b/ü'),
  json: async () => [await names.put('json', '{"x":[1]}'), await names.get('json', 'json')],
  bytes: async () => [await names.put('bytes', new Uint8Array([0, 255, 1])), [...new Uint8Array(await names.get('bytes', 'arrayBuffer'))]],
  several: async () => [...(await names.get(['json', 'nothing', 'a b/ü']))],
  soon: async () => (await names.put('soon', 'x', { expirationTtl: 5 }).catch(() => 'refused')) === 'refused',
  later: async () => {
    await names.put('later', 'x', { expirationTtl: 600 });
    const { keys } = await names.list({ prefix: 'later' });
    return [keys.length, Math.abs(keys[0].expiration - Date.now() / 1000 - 600) < 5];
  },
  list: async () => (await names.list()).keys.map(({ name, metadata }) => [name, metadata ?? null]),
  pages: async () => {
    const one = await names.list({ limit: 2 });
    const two = await names.list({ limit: 2, cursor: one.cursor });
    return [one.list_complete, one.keys.map(({ name }) => name), two.list_complete, two.keys.map(({ name }) => name)];
  },
  delete: async () => [await names.delete('json'), await names.delete('never'), await names.get('json')],
});

const cache = (kept) => {
  const url = (name) => `https://kept.invalid/${name}`;
  const put = (name, headers, status = 200) => kept.put(url(name), new Response('kept', { status, headers }));
  const match = async (name) => {
    const found = await kept.match(url(name));
    return found && [found.status, found.headers.get('x-more'), found.headers.get('cf-cache-status'), await found.text()];
  };
  return {
    missing: () => match('a'),
    put: async () => [await put('a', { 'cache-control': 'public, max-age=60', 'x-more': 'more' }), await match('a')],
    negative: async () => [await put('404', { 'cache-control': 'max-age=60' }, 404), await match('404')],
    again: async () => [await put('a', { 'cache-control': 'max-age=60' }), await match('a')],
    other: async () => (await (await caches.open('other')).match(url('a'))) ?? null,
    purge: async () => [await kept.delete(url('a')), await match('a'), await kept.delete(url('a'))],
    forbidden: async () => [await put('no', { 'cache-control': 'no-store' }).catch(() => {}), await match('no')],
    short: async () => {
      await put('short', { 'cache-control': 'max-age=1' });
      const before = Boolean(await match('short'));
      await scheduler.wait(1300);
      return [before, Boolean(await match('short'))];
    },
    sharedFirst: async () => {
      await put('shared', { 'cache-control': 'max-age=60, s-maxage=1' });
      await scheduler.wait(1300);
      return Boolean(await match('shared'));
    },
  };
};
