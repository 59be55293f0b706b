// Client hints: the sizes and qualities that come out, what the answers say they depend on, and what a browser really sends.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { findChromium, openChromium } from './e2e/chromium.mjs';
import { startWorker } from './e2e/harness.mjs';
import { note } from './e2e/notes.mjs';
import { header } from './e2e/picture.mjs';

const PHOTO = 'samples/photo.jpg';
const AUTO = `/image/width=auto/${PHOTO}`;
const WIDTH_HINTS = 'Sec-CH-Width, Width, Sec-CH-Viewport-Width, Viewport-Width, Sec-CH-DPR, DPR';
const DEVICE_HINTS = 'Sec-CH-UA-Mobile, User-Agent';
const PHONE = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36';

let worker;

before(async () => {
  worker = await startWorker({ FRESH_SECONDS: '3600', PRESETS: { fluid: 'width=auto,wbreakpoints=100;200,wmobile=100,wdesktop=200' } });
  await worker.seed();
}, { timeout: 120_000 });

after(() => worker?.close());

const ask = (path, headers = {}) => worker.ask(path, { headers });

async function widthOf(path, headers) {
  const { status, body } = await ask(path, headers);
  assert.equal(status, 200, body.toString().slice(0, 300));
  return header(body).width;
}

/** Asks until the answer comes from the cache: it is put there after the first answer has gone out. */
async function fromCache(path, headers) {
  for (let tries = 0; tries < 40; tries++) {
    const answer = await ask(path, headers);
    if (/; hit$/.test(answer.headers['cache-status'] ?? '')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${path} is never answered from the cache`);
}

describe('width=auto', () => {
  for (const [headers, width] of [
    [{ 'sec-ch-width': '300' }, 320],
    [{ 'sec-ch-width': '640', 'sec-ch-dpr': '2' }, 768],
    [{ 'sec-ch-width': '9000' }, 1200],
    [{ width: '800' }, 960],
    [{ 'sec-ch-viewport-width': '390', 'sec-ch-dpr': '2' }, 960],
    [{ 'viewport-width': '300' }, 320],
    [{ 'sec-ch-ua-mobile': '?1' }, 768],
    [{ 'user-agent': PHONE }, 768],
    [{ 'user-agent': PHONE, 'sec-ch-ua-mobile': '?0' }, 1200],
    [{ 'sec-ch-width': 'all of it', 'sec-ch-dpr': '-1', 'viewport-width': '0' }, 1200],
    [{}, 1200],
  ]) {
    test(`is ${width} pixels for ${JSON.stringify(headers)}`, async () => assert.equal(await widthOf(AUTO, headers), width));
  }

  test('is kept once for all who get the same, and says what it depends on', async () => {
    const first = await ask(AUTO, { 'sec-ch-width': '1' });
    assert.equal(first.headers.vary, `${WIDTH_HINTS}, ${DEVICE_HINTS}`);
    assert.equal(first.headers['accept-ch'], 'Sec-CH-Width, Sec-CH-Viewport-Width, Sec-CH-DPR');
    for (const headers of [{ 'sec-ch-width': '1' }, { 'sec-ch-width': '320', 'sec-ch-dpr': '1.5' }, { 'viewport-width': '111' }]) {
      const { headers: said, body } = await fromCache(AUTO, headers);
      assert.equal(said.etag, first.headers.etag);
      assert.equal(said.vary, first.headers.vary);
      assert.ok(body.equals(first.body));
    }
    const named = await fromCache(`/image/width=320/${PHOTO}`);
    assert.equal(named.headers.etag, first.headers.etag);
    assert.equal(named.headers.vary, undefined);
    assert.equal(named.headers['accept-ch'], undefined);
    const other = await ask(AUTO, { 'sec-ch-width': '321' });
    assert.notEqual(other.headers.etag, first.headers.etag);
  });

  test('works in a preset', async () => {
    const path = `/image/preset=fluid/${PHOTO}`;
    assert.equal(await widthOf(path, { 'sec-ch-width': '90' }), 100);
    assert.equal(await widthOf(path, { 'sec-ch-width': '101' }), 200);
    assert.equal(await widthOf(path, { 'sec-ch-ua-mobile': '?1' }), 100);
  });
});

test('scq is the quality of slow connections', async () => {
  const path = `/image/width=400,q=90,scq=20/${PHOTO}`;
  const fast = await ask(path, { ect: '4g', rtt: '50', downlink: '10' });
  assert.equal(fast.headers.vary, 'Save-Data, ECT, RTT, Downlink');
  assert.equal(fast.headers['accept-ch'], 'ECT, RTT, Downlink');
  for (const headers of [{ 'save-data': 'on' }, { ect: '3g' }, { rtt: '151' }, { downlink: '4.9' }]) {
    const slow = await ask(path, headers);
    assert.equal(header(slow.body).width, 400);
    assert.ok(slow.body.length < fast.body.length / 2, `${JSON.stringify(headers)}: ${slow.body.length} of ${fast.body.length} bytes`);
    assert.equal(slow.headers.etag, (await ask(`/image/width=400,q=20/${PHOTO}`)).headers.etag);
  }
});

const absent = !findChromium() && 'there is no Chromium';
if (absent) {
  note('no browser was asked for its hints: there is no Chromium');
  test.skip(`Chromium sends what pages of another origin let it send: ${absent}`);
}

describe('Chromium', { skip: absent }, () => {
  let browser;
  let pages;
  /** What the next page says, and its body. */
  let served = { headers: {}, html: '' };
  before(async () => {
    browser = await openChromium();
    pages = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html', ...served.headers }).end(served.html));
    await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));
  }, { timeout: 120_000 });
  after(async () => {
    await browser?.close();
    pages?.close();
  });

  /** Opens a page of another origin, 900 CSS pixels wide; answers the widths of its pictures' files. */
  async function open(deviceScaleFactor, headers, html) {
    served = { headers, html: `<!doctype html><html lang="en"><head>${html.head ?? ''}</head><body>${html.body}</body></html>` };
    const context = await browser.newContext({ viewport: { width: 900, height: 600 }, deviceScaleFactor });
    try {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${pages.address().port}/`, { waitUntil: 'load' });
      const urls = await page.evaluate(() => [...document.images].map(({ currentSrc }) => currentSrc));
      // What the browser makes of a picture's size is the page's; the file tells.
      return await Promise.all(urls.map((url) => page.evaluate(async (src) => {
        const image = document.querySelector(`img[src="${src}"]`);
        await image.decode();
        return image.naturalWidth;
      }, url)));
    } finally {
      await context.close();
    }
  }

  const site = () => worker.url.replace(/\/$/, '');
  const picture = (sizes) => `<img src="${site()}${AUTO}" ${sizes ? `sizes="${sizes}"` : ''} style="width: 100px" alt="">`;
  const asking = () => ({
    'accept-ch': 'Sec-CH-Width, Sec-CH-Viewport-Width, Sec-CH-DPR',
    'permissions-policy': ['width', 'viewport-width', 'dpr'].map((hint) => `ch-${hint}=(self "${site()}")`).join(', '),
  });

  test('sends the width of a picture that has sizes, and that of the page otherwise', { timeout: 60_000 }, async () => {
    assert.deepEqual(await open(1, asking(), { body: picture('300px') }), [320]);
    assert.deepEqual(await open(2, asking(), { body: picture('300px') }), [768]);
    assert.deepEqual(await open(1, asking(), { body: picture('90vw') }), [960]);
    assert.deepEqual(await open(1, asking(), { body: picture() }), [960]);
  });

  test('does so where the page says it in its markup', { timeout: 60_000 }, async () => {
    const head = `<meta http-equiv="Delegate-CH" content="sec-ch-width ${site()}; sec-ch-dpr ${site()}">`;
    assert.deepEqual(await open(2, {}, { head, body: picture('150px') }), [320]);
  });

  test('says nothing but its kind to those it was not told of', { timeout: 60_000 }, async () => {
    assert.deepEqual(await open(1, {}, { body: picture('300px') }), [1200]);
    const { 'accept-ch': acceptCh } = asking();
    assert.deepEqual(await open(1, { 'accept-ch': acceptCh }, { body: picture('300px') }), [1200]);
  });
});
