// The page in a browser: its pictures load, and its controls change one of them.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { target } from '../scripts/lib/paths.mjs';
import { findChromium, openChromium } from './e2e/chromium.mjs';
import { startWorker } from './e2e/harness.mjs';
import { note } from './e2e/notes.mjs';

const SCREENSHOTS = join(target, 'e2e');
const absent = !findChromium() && 'there is no Chromium';
if (absent) {
  note('the page was not opened in a browser: there is no Chromium');
  // The runner counts skipped tests, not skipped suites.
  test.skip(`the page opens in a browser: ${absent}`);
}

/** In the browser: the PSNR of two pictures, on white and on black, where their alpha shows. */
async function compare(urls) {
  const draw = async (url, ground) => {
    const image = Object.assign(new Image(), { src: url });
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext('2d');
    context.fillStyle = ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  const psnr = async (ground) => {
    const [one, other] = await Promise.all(urls.map((url) => draw(url, ground)));
    if (one.length !== other.length) return 0;
    const sum = one.reduce((total, sample, index) => total + (sample - other[index]) ** 2, 0);
    return 10 * Math.log10(255 ** 2 / (sum / (one.length * 0.75)));
  };
  return [await psnr('white'), await psnr('black')];
}

describe('the page', { skip: absent }, () => {
  let worker;
  let browser;
  before(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    worker = await startWorker();
    await worker.seed();
    browser = await openChromium();
  }, { timeout: 120_000 });
  after(async () => {
    await browser?.close();
    await worker?.close();
  });

  /** Opens the page; answers it and what its console and its requests complained of. */
  async function open(width, colorScheme) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // The page itself ends a request when a newer one takes its place.
      if (reason !== 'net::ERR_ABORTED') complaints.push(`${request.url()} ${reason}`);
    });
    page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.url()} ${response.status()}`));
    await page.goto(worker.url, { waitUntil: 'load' });
    return { page, complaints, close: () => context.close() };
  }

  /** Scrolls to the end, so that lazy pictures are asked for, and waits for all of them. */
  async function loadAll(page) {
    await page.evaluate(async () => {
      for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
        scrollTo(0, y);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    });
    await page.waitForFunction(() => [...document.images].every((image) => image.complete), undefined, { timeout: 60_000 });
    // Fails for one that cannot be decoded; and a picture that is decoded is painted in the next frame.
    await page.evaluate(async () => {
      for (const image of document.images) await image.decode();
      scrollTo(0, 0);
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
  }

  for (const [width, scheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']]) {
    test(`shows all its pictures, without a complaint, ${width} wide and ${scheme}`, { timeout: 120_000 }, async () => {
      const { page, complaints, close } = await open(width, scheme);
      try {
        await loadAll(page);
        const images = await page.evaluate(() =>
          [...document.images].map(({ src, currentSrc, naturalWidth, hidden }) => ({ url: currentSrc || src, naturalWidth, hidden })),
        );
        assert.ok(images.length >= 14, `${images.length} pictures`);
        assert.deepEqual(images.filter(({ naturalWidth, hidden }) => !naturalWidth || hidden), []);
        assert.equal(await page.locator('.problem').count(), 0);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the window`);
        assert.deepEqual(complaints, []);
        await page.screenshot({ path: join(SCREENSHOTS, `page-${width}-${scheme}.png`), fullPage: true });
      } finally {
        await close();
      }
    });
  }

  test('has controls that change the picture, its URL and its readings', { timeout: 120_000 }, async () => {
    const { page, complaints, close } = await open(1280, 'light');
    const result = page.locator('#result');
    const state = () => result.evaluate(({ src, naturalWidth, naturalHeight }) => ({ src, naturalWidth, naturalHeight }));
    /** Does something to the controls and waits for another picture. */
    const change = async (act) => {
      const { src } = await state();
      await act();
      await page.waitForFunction((old) => {
        const image = document.querySelector('#result');
        return image.src !== old && image.complete && !document.querySelector('#stage[aria-busy]');
      }, src, { timeout: 30_000 });
      return state();
    };
    try {
      // The page asks once by itself, for the readings.
      await page.waitForFunction(() => document.querySelector('#result').src.startsWith('blob:'), undefined, { timeout: 30_000 });

      const narrow = await change(() => page.locator('#width').fill('320'));
      assert.deepEqual([narrow.naturalWidth, narrow.naturalHeight], [320, 320]);
      assert.match(await page.locator('#url').getAttribute('href'), /width=320,height=320/);

      const whole = await change(() => page.locator('#shape').selectOption('as the source'));
      assert.deepEqual([whole.naturalWidth, whole.naturalHeight], [320, 240]);
      assert.equal(await page.locator('#fit').isDisabled(), true);

      await change(() => page.locator('#format').selectOption('png'));
      assert.equal(await page.locator('#type').textContent(), 'image/png');
      const plain = await page.locator('#bytes').textContent();
      await change(() => page.locator('#mark').check());
      assert.match(await page.locator('#url').getAttribute('href'), /mark=samples%2Fmark\.png/);
      assert.notEqual(await page.locator('#bytes').textContent(), plain);
      assert.match(await page.locator('#cache').textContent(), /^lenslet; /);

      await page.locator('#try').screenshot({ path: join(SCREENSHOTS, 'controls.png') });
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });

  test('shows AVIF as the picture that it is of', { timeout: 120_000 }, async () => {
    const { page, complaints, close } = await open(1280, 'light');
    try {
      for (const [options, least] of [
        ['width=400/samples/photo.jpg', 37],
        // Sides that are odd, and more than a tile.
        ['width=801,height=599,fit=cover/samples/photo.jpg', 37],
        // Chromium takes the alpha of every AVIF, also of other encoders, for that of video, and stretches it.
        ['width=301/samples/alpha.png', 31],
      ]) {
        const urls = ['png', 'avif'].map((format) => `/image/format=${format},${options}`);
        const [onWhite, onBlack] = await page.evaluate(compare, urls);
        assert.ok(onWhite > least && onBlack > least, `${options}: ${onWhite.toFixed(1)} and ${onBlack.toFixed(1)} dB`);
      }
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });

  test('says why where a picture cannot be made', { timeout: 60_000 }, async () => {
    const { page, close } = await open(390, 'dark');
    try {
      const problem = { title: 'The source is broken', detail: 'A drill.' };
      await page.route(/quality=7,/, (route) =>
        route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) }));
      await page.locator('#quality').fill('7');
      await page.locator('#mark').check();
      await page.locator('#stage .problem').waitFor({ timeout: 30_000 });
      assert.match(await page.locator('#stage .problem').innerText(), /The source is broken[^]*A drill\.[^]*HTTP 422/);
      await page.locator('#stage').screenshot({ path: join(SCREENSHOTS, 'problem.png') });
    } finally {
      await close();
    }
  });
});
