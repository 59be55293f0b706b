// The page's controls build a transform URL, fetch it, and show what came back. It knows URLs and nothing else.

const SOURCE = 'samples/photo.jpg';
const MARK = 'samples/mark.png';
/** What the server takes where nothing is said. */
const DEFAULT_QUALITY = 85;
/** Fits for which it matters which part of the picture, or of the box, is meant. */
const PLACED = ['cover', 'crop', 'aspect-crop', 'pad'];
/** Formats that lose nothing have no quality. */
const LOSSLESS = ['png', 'gif'];
/** How long a slider has to rest before a picture is asked for. */
const REST_MS = 200;

const by = (id) => document.getElementById(id);
const controls = by('controls');
const stage = by('stage');
const result = by('result');

/** The options as pairs of name and encoded value, in the order of the server's canonical print. */
function options() {
  const { width, shape, fit, gravity, format, quality, mark } = controls.elements;
  const pairs = [['width', width.value]];
  if (shape.value) {
    pairs.push(['height', Math.round(width.value * shape.value)], ['fit', fit.value]);
    if (PLACED.includes(fit.value)) pairs.push(['gravity', gravity.value]);
  }
  pairs.push(['format', format.value]);
  if (!LOSSLESS.includes(format.value) && Number(quality.value) !== DEFAULT_QUALITY) pairs.push(['quality', quality.value]);
  if (mark.checked) {
    pairs.push(['mark', encodeURIComponent(MARK)], ['mark.width', 0.25], ['mark.opacity', 0.6]);
    pairs.push(['mark.bottom', 16], ['mark.right', 16]);
  }
  return pairs;
}

const urlOf = (pairs) => `/image/${pairs.map((pair) => pair.join('=')).join(',')}/${SOURCE}`;

/** Shows the URL, with its options set apart, and which controls have a part in it. */
function show(pairs) {
  const { shape, fit, gravity, format, quality } = controls.elements;
  fit.disabled = !shape.value;
  gravity.disabled = fit.disabled || !PLACED.includes(fit.value);
  quality.disabled = LOSSLESS.includes(format.value);
  by('width-text').value = `${controls.elements.width.value} px`;
  by('quality-text').value = quality.value;

  const code = document.createElement('code');
  code.append('/image/');
  pairs.forEach(([name, value], index) => {
    const set = document.createElement('b');
    set.textContent = value;
    if (index) code.append(',', document.createElement('wbr'));
    code.append(`${name}=`, set);
  });
  code.append(document.createElement('wbr'), `/${SOURCE}`);
  by('url').href = urlOf(pairs);
  by('url').replaceChildren(code);
}

let asked = new AbortController();

/** Fetches the transform and shows the picture and what its answer says; a newer request ends an older one. */
async function ask(url) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  stage.setAttribute('aria-busy', 'true');
  try {
    const began = performance.now();
    // Past the browser's own cache, so that the readings are the server's and of now.
    const response = await fetch(url, { signal, cache: 'no-store', headers: { accept: 'image/avif,image/webp,image/*;q=0.8' } });
    const body = await response.blob();
    const took = performance.now() - began;
    if (!response.ok) {
      const problem = await problemOf(response, body);
      if (signal.aborted) return;
      result.hidden = true;
      refuse(stage, problem);
      read(response, body, took);
      by('result-facts').textContent = '';
      by('said').textContent = `${problem.title}. ${problem.detail}`;
      return;
    }
    await put(body, signal);
    read(response, body, took);
    const facts = `${result.naturalWidth} × ${result.naturalHeight} ${kind(body.type)}`;
    by('result-facts').textContent = `${facts}, ${size(body.size)}`;
    by('said').textContent = `${facts}, ${size(body.size)}`;
  } catch (error) {
    if (error.name === 'AbortError') return;
    result.hidden = true;
    refuse(stage, { title: 'No answer', detail: error.message });
  } finally {
    if (!signal.aborted) stage.removeAttribute('aria-busy');
  }
}

/** Puts a picture on the stage once it is decoded. */
async function put(body, signal) {
  const url = URL.createObjectURL(body);
  const next = new Image();
  next.src = url;
  try {
    await next.decode();
    signal.throwIfAborted();
    stage.querySelector('.problem')?.remove();
    [result.width, result.height] = [next.naturalWidth, next.naturalHeight];
    const old = result.src;
    result.src = url;
    result.hidden = false;
    await result.decode();
    if (old.startsWith('blob:')) URL.revokeObjectURL(old);
  } catch (error) {
    if (result.src !== url) URL.revokeObjectURL(url);
    throw error;
  }
}

function read({ headers }, body, took) {
  by('bytes').textContent = body.size.toLocaleString('en');
  by('type').textContent = headers.get('content-type') ?? '–';
  by('time').textContent = `${took.toFixed(0)} ms`;
  by('cache').textContent = headers.get('cache-status') ?? '–';
  by('timing').textContent = headers.get('server-timing') ?? '–';
}

/** What a problem document says, or the plain status where there is none. */
async function problemOf(response, body) {
  const status = `HTTP ${response.status}`;
  if (!response.headers.get('content-type')?.includes('json')) return { title: status, detail: response.statusText };
  const { title = status, detail = '' } = JSON.parse(await body.text());
  return { title, detail, status };
}

/** Says in the place of a picture why it is not there. */
function refuse(place, { title, detail, status = '' }) {
  const box = document.createElement('div');
  box.className = 'problem';
  for (const [tag, text] of [['strong', title], ['p', detail], ['code', status]]) {
    box.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
  place.querySelector('.problem')?.remove();
  place.append(box);
}

/** A picture of the page that did not load: asks once more, for the reason. */
async function explain(image) {
  const place = image.parentElement;
  image.hidden = true;
  try {
    const response = await fetch(image.currentSrc || image.src);
    refuse(place, response.ok ? { title: 'Not a picture', detail: 'The answer could not be shown.' } : await problemOf(response, await response.blob()));
  } catch (error) {
    refuse(place, { title: 'No answer', detail: error.message });
  }
}

const NAMES = { 'image/avif': 'AVIF', 'image/webp': 'WebP', 'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/gif': 'GIF' };
const kind = (type) => NAMES[type] ?? type;
const size = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(2)} MB`);

async function describeSource() {
  const response = await fetch(`/image/format=json/${SOURCE}`);
  if (!response.ok) return;
  const { original } = await response.json();
  by('source-facts').textContent = `${original.width} × ${original.height} ${kind(original.format)}, ${size(original.file_size)}`;
}

async function copy() {
  const button = by('copy');
  try {
    await navigator.clipboard.writeText(by('url').href);
    button.textContent = by('said').textContent = 'Copied';
  } catch {
    // Without the permission: select it, so that the keys can.
    getSelection().selectAllChildren(by('url'));
    button.textContent = by('said').textContent = 'Selected';
  }
  setTimeout(() => (button.textContent = 'Copy'), 1600);
}

let resting;

function change() {
  const pairs = options();
  show(pairs);
  clearTimeout(resting);
  resting = setTimeout(() => ask(urlOf(pairs)), REST_MS);
}

for (const image of document.querySelectorAll('img')) {
  if (image === result) continue;
  image.addEventListener('error', () => explain(image));
  if (image.complete && image.currentSrc && !image.naturalWidth) explain(image);
}
controls.addEventListener('input', change);
controls.addEventListener('submit', (event) => event.preventDefault());
by('copy').addEventListener('click', copy);
by('copy').hidden = false;
describeSource();
change();
