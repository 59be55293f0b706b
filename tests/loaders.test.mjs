// The URLs that client libraries write are understood: each is made by the library itself and asked of the Worker.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorker } from './e2e/harness.mjs';
import { astroService, importFrom, installLoaders, requireFrom } from './e2e/loaders.mjs';
import { header } from './e2e/picture.mjs';

/** What a browser without AVIF sends for an <img>: which of two formats comes is not the loaders' matter. */
const BROWSER = { accept: 'image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8' };
const PHOTO = '/samples/photo.jpg';

let worker;
let folder;

before(async () => {
  folder = await installLoaders();
  worker = await startWorker();
  await worker.seed();
}, { timeout: 300_000 });

after(() => worker?.close());

/** The Worker's own address, as a library is told it. */
const site = () => worker.url.replace(/\/$/, '');

/** Asks for a URL of a library as a browser would. */
async function asked(url) {
  const { origin, pathname, search } = new URL(url, worker.url);
  assert.equal(origin, site());
  return worker.ask(pathname + search, { headers: BROWSER });
}

async function gives(url, format, width, height) {
  const { status, body } = await asked(url);
  assert.equal(status, 200, `${url}: ${body.toString().slice(0, 300)}`);
  assert.deepEqual(header(body), { ...header(body), format, width, height }, url);
}

/** The pairs of URL and width in a srcset. */
const candidates = (srcset) => srcset.split(/,\s+/).map((one) => one.trim().split(/ (?=\d+(?:\.\d+)?[wx]$)/));

async function refuses(url, option) {
  const { status, body } = await asked(url);
  assert.equal(status, 400, url);
  assert.equal(JSON.parse(body).option, option);
}

describe('unpic', () => {
  let transform;
  before(async () => {
    const { transformUrl } = await importFrom(folder, 'unpic/esm/mod.js');
    transform = (operations, url, own = {}) => transformUrl({ url, provider: 'cloudflare', ...operations }, { cloudflare: own });
  });

  for (const [claim, operations, url, expected] of [
    ['both sides', { width: 800, height: 600 }, PHOTO, ['webp', 800, 600]],
    ['one side', { width: 320 }, PHOTO, ['webp', 320, 240]],
    ['a square as JPEG of some quality', { width: 300, height: 300, quality: 75, format: 'jpeg' }, PHOTO, ['jpeg', 300, 300]],
    ['a fraction, which it rounds', { width: 200.6 }, PHOTO, ['webp', 201, 151]],
    ['a background behind a padded picture', { width: 300, height: 300, fit: 'pad', background: '#ff0000' }, '/samples/alpha.png', ['webp', 300, 300]],
    ['a picture with a query', { width: 100 }, `${PHOTO}?v=2`, ['webp', 100, 75]],
  ]) {
    test(`is understood: ${claim}`, () => gives(transform(operations, url), ...expected));
  }

  test('is understood: trim, rotation, flip and more of Cloudflare’s own options', async () => {
    const made = transform({ width: 100 }, PHOTO, { trim: '20;30;20;0', rotate: 90, flip: 'h', onerror: 'redirect', metadata: 'none' });
    assert.match(made, /trim=20%3B30%3B20%3B0,rotate=90,flip=h/);
    // 3970 × 2960 is left of it, and stands on end then.
    await gives(made, 'webp', 100, 134);
  });

  test('is understood: a whole URL of the same site, encoded', async () => {
    const made = transform({ width: 120 }, `${worker.url}samples/photo.jpg?x=1`);
    assert.match(made, /%3Fx=1$/);
    await gives(made, 'webp', 120, 90);
  });
});

describe('@unpic/core', () => {
  test('is understood: every candidate of a responsive picture', async () => {
    const { transformProps } = await importFrom(folder, '@unpic/core/dist/auto.mjs');
    const props = transformProps({ src: PHOTO, width: 800, height: 600, layout: 'constrained', fallback: 'cloudflare' });
    await gives(props.src, 'webp', 800, 600);
    const all = candidates(props.srcset);
    assert.ok(all.length >= 5, props.srcset);
    for (const [url, width] of all) {
      await gives(url, 'webp', parseInt(width), Math.round(parseInt(width) * 0.75));
    }
  });
});

describe('@nuxt/image', () => {
  let img;
  before(async () => {
    const { createImage } = await importFrom(folder, '@nuxt/image/dist/runtime/image.js');
    const { default: setup } = await importFrom(folder, '@nuxt/image/dist/runtime/providers/cloudflare.js');
    const providers = { cloudflare: { setup, defaults: { baseURL: site() } } };
    img = createImage({ provider: 'cloudflare', providers, presets: {}, domains: [], alias: {}, densities: [1, 2], screens: { sm: 640, md: 768 } });
  });

  for (const [claim, modifiers, expected] of [
    ['fit cover', { width: 300, height: 200, fit: 'cover', format: 'webp', quality: 80 }, ['webp', 300, 200]],
    ['fit fill, which becomes scale-down', { width: 300, height: 300, fit: 'fill' }, ['jpeg', 300, 225]],
    ['fit outside, which becomes crop', { width: 300, height: 300, fit: 'outside' }, ['jpeg', 300, 300]],
    ['fit inside, which becomes pad', { width: 300, height: 300, fit: 'inside' }, ['jpeg', 300, 300]],
    ['a focus', { width: 100, height: 100, fit: 'cover', gravity: '0.5x0.2' }, ['jpeg', 100, 100]],
    ['density', { width: 150, dpr: 2, format: 'auto' }, ['webp', 300, 225]],
  ]) {
    test(`is understood: ${claim}`, () => gives(img(PHOTO, modifiers), ...expected));
  }

  test('is understood: every candidate of a picture with sizes', async () => {
    const { src, srcset } = img.getSizes(PHOTO, { sizes: 'sm:100vw md:50vw', modifiers: { format: 'webp' } });
    for (const [url, width] of candidates(srcset)) await gives(url, 'webp', parseInt(width), Math.round(parseInt(width) * 0.75));
    assert.equal((await asked(src)).status, 200);
  });

  test('is understood: a whole URL of the same site, left raw, with a space and a query', async () => {
    await worker.put('a b.png', (await worker.ask('/samples/alpha.png')).body);
    const made = img(`${site()}/a b.png?x=1`, { width: 90 });
    assert.equal(made, `${site()}/cdn-cgi/image/w=90/${site()}/a b.png?x=1`);
    await gives(made, 'png', 90, 60);
  });
});

describe('Next.js', () => {
  // The loader that Cloudflare and OpenNext document for `loaderFile`; Next.js itself has none for Cloudflare.
  const loader = ({ src, width, quality }) => {
    const params = [`width=${width}`];
    if (quality) params.push(`quality=${quality}`);
    return `/cdn-cgi/image/${params.join(',')}/${src.startsWith('/') ? src.slice(1) : src}`;
  };
  const propsOf = (props) => requireFrom(folder, 'next/image').getImageProps({ alt: '', loader, ...props }).props;

  test('is understood: every candidate of a picture of fixed size', async () => {
    const { src, srcSet } = propsOf({ src: PHOTO, width: 500, height: 375, quality: 75 });
    const all = candidates(srcSet);
    assert.deepEqual(all.map(([, density]) => density), ['1x', '2x']);
    for (const [url] of [...all, [src]]) {
      assert.match(url, /^\/cdn-cgi\/image\/width=\d+,quality=75\/samples\/photo\.jpg$/);
      const width = Number(url.match(/width=(\d+)/)[1]);
      await gives(url, 'jpeg', width, Math.round(width * 0.75));
    }
  });

  // Its widest is 3840, four times the pixels of the next.
  const window = () => candidates(propsOf({ src: PHOTO, fill: true, sizes: '100vw' }).srcSet);
  const isWidest = ([, width]) => width === '3840w';

  test('is understood: the candidates of a picture as wide as the window', async () => {
    const all = window().filter((candidate) => !isWidest(candidate));
    assert.ok(all.length >= 7, String(all));
    for (const [url, width] of all) await gives(url, 'jpeg', parseInt(width), Math.round(parseInt(width) * 0.75));
  });

  test('is understood: the widest of them', () =>
    gives(window().find(isWidest)[0], 'jpeg', 3840, 2880));

  test('is understood: a whole URL of the same site with a raw query', async () => {
    const { src } = propsOf({ src: `${worker.url}samples/photo.jpg?v=2`, width: 64, height: 48, quality: 75 });
    assert.match(src, /photo\.jpg\?v=2$/);
    await gives(src, 'jpeg', Number(src.match(/width=(\d+)/)[1]), Number(src.match(/width=(\d+)/)[1]) * 0.75);
  });
});

describe('@astrojs/cloudflare', () => {
  let service;
  before(async () => {
    service = await astroService(folder);
  });
  const urlOf = (options) => service.getURL({ src: { src: PHOTO, width: 4000, height: 3000, format: 'jpg' }, ...options }, {});

  test('is understood: a picture of the site in another format', async () => {
    const url = urlOf({ width: 800, format: 'webp' });
    assert.equal(url, '/cdn-cgi/image/onerror=redirect,width=800,format=webp/samples/photo.jpg');
    await gives(url, 'webp', 800, 600);
  });

  test('is understood: sides, quality and fit', () => gives(urlOf({ width: 300, height: 200, quality: 80, fit: 'cover', format: 'png' }), 'png', 300, 200));

  test('is refused where it writes values that Cloudflare does not know either', async () => {
    await refuses(urlOf({ width: 300, quality: 'mid', format: 'webp' }), 'quality');
    await refuses(urlOf({ width: 300, fit: 'none', format: 'webp' }), 'fit');
  });
});

describe('@angular/common', () => {
  let loader;
  before(async () => {
    // Its library is compiled as far as a browser's bundle needs it; the rest is done when it is loaded.
    await importFrom(folder, '@angular/compiler/fesm2022/compiler.mjs');
    const { provideCloudflareLoader } = await importFrom(folder, '@angular/common/fesm2022/common.mjs');
    loader = provideCloudflareLoader(site())[0].useValue;
  });

  for (const [claim, config, expected] of [
    ['one side', { width: 640 }, ['webp', 640, 480]],
    ['both sides', { width: 640, height: 480 }, ['webp', 640, 480]],
    ['a placeholder', { width: 30, isPlaceholder: true }, ['webp', 30, 23]],
    ['options of its own', { width: 200, loaderParams: { transform: { height: 200, fit: 'cover' } } }, ['webp', 200, 200]],
    ['no size', { src: 'samples/lossy.webp' }, ['webp', 1600, 1200]],
  ]) {
    test(`is understood: ${claim}`, () => gives(loader({ src: 'samples/photo.jpg', ...config }), ...expected));
  }

  test('is understood: a name with a space', async () => {
    await worker.put('a/b c.png', (await worker.ask('/samples/alpha.png')).body);
    await gives(loader({ src: 'a/b c.png', width: 60 }), 'webp', 60, 40);
  });
});
