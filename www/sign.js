// Signed URLs and tokens for Lenslet, for back ends in JavaScript: Node 20 or newer, Workers, Deno, Bun.
//
// WARNING: whoever has the keys can sign anything. Never ship them to a browser, other than to try this out.
// `transformPath` and `anyOf` need no keys and are for browsers, too.

/**
 * A JWK Set as `lenslet key new` writes it, or its text. The first key signs.
 * @typedef {string | { keys: JsonWebKey[] } | JsonWebKey} Keys
 */

/** Under these paths transforms are answered. */
const PREFIXES = ['/image/', '/cdn-cgi/image/'];
/** The parameters that are Lenslet's. */
const OURS = ['any', 'exp', 'kid', 'sig', 'token'];
/** Keeps signatures of URLs apart from all others that a key might make. */
const CONTEXT = 'lenslet-url-1\n';
/** What of a URL is not written as it is. */
const UNSAFE = /[^A-Za-z0-9\-._~!$&()*+,;=:@/%?]+/gu;
const PLAIN = /^[A-Za-z0-9_-]+$/;
const PLAIN_KID = /^[A-Za-z0-9_-]{1,64}$/;
const LEAST_SECRET_BYTES = 32;
const MOST_SECRET_BYTES = 512;
/** In seconds it is the year 5138; whoever means less may have written milliseconds. */
const LATEST = 1e11;

/**
 * Signs a whole URL, or a path with its query. Scheme and host are kept and not signed.
 *
 * With `any`, one signature is for several values of one option: the URL has `width=*`, `any` is
 * `{ width: [320, 640, 1280] }`, and what comes back is a template for `anyOf`.
 *
 * @param {string} url
 * @param {object} options
 * @param {Keys} options.keys
 * @param {number | Date} [options.expires] when it stops being valid; a number is seconds since 1970
 * @param {Record<string, (string | number)[]>} [options.any] one option with its values
 * @returns {Promise<string>}
 */
export async function signUrl(url, { keys, expires, any }) {
  const key = firstKey(keys);
  if (key.algorithm !== 'HS256') throw new Error(`URLs are signed by HS256, and the first key is for ${key.algorithm}.`);
  if (!PLAIN_KID.test(key.kid)) throw new Error("The key's 'kid' must be 1 to 64 of A-Z, a-z, 0-9, - and _.");
  const [host, rest] = split(url);
  let signed = normalise(rest);
  const [path, query = ''] = splitOnce(signed, '?');
  const own = query.split('&').map((pair) => pair.split('=')[0]).find((name) => OURS.includes(name));
  if (own) throw new Error(`The query has '${own}', which is Lenslet's own.`);

  signed += signed.includes('?') ? '&' : '?';
  if (any !== undefined) signed += `any=${setFor(path, any)}&`;
  if (expires !== undefined) signed += `exp=${secondsOf(expires)}&`;
  signed += `kid=${key.kid}`;
  return `${host}${signed}&sig=${await signatureOf(key, CONTEXT + signed)}`;
}

/**
 * Puts one value of the set into a template that `signUrl` made with `any`, or `lenslet sign --any`.
 *
 * @param {string} template
 * @param {string | number} value
 * @returns {string}
 */
export function anyOf(template, value) {
  const [path, query = ''] = splitOnce(template, '?');
  const any = query.split('&').find((pair) => pair.startsWith('any='));
  const [name, ...values] = any?.slice('any='.length).split('.') ?? [];
  const place = `${name}=*`;
  if (!any || !path.includes(place)) throw new Error('This is no template: it has no set, or no * for it.');
  if (!values.includes(String(value))) throw new Error(`${name} may be ${values.join(', ')} here, not '${value}'.`);
  return `${path.replace(place, () => `${name}=${value}`)}?${query}`;
}

/**
 * Signs a token (JWT) with these claims, such as `{ iss, aud, exp, lenslet: { presets: ['thumb'] } }`. Times are in seconds
 * since 1970.
 *
 * @param {Record<string, unknown>} claims
 * @param {object} options
 * @param {Keys} options.keys
 * @returns {Promise<string>}
 */
export async function signToken(claims, { keys }) {
  const key = firstKey(keys);
  if (!isTable(claims)) throw new Error('Claims are an object.');
  for (const name of ['exp', 'nbf', 'iat']) if (claims[name] !== undefined) secondsOf(claims[name]);
  const header = { alg: key.algorithm, kid: key.kid, typ: 'JWT' };
  const message = [header, claims].map((part) => encode(bytesOf(JSON.stringify(part)))).join('.');
  return `${message}.${await signatureOf(key, message)}`;
}

/**
 * The path of a transform: `transformPath({ width: 800, format: 'auto' }, 'a b.jpg')` is
 * `/image/width=800,format=auto/a%20b.jpg`. The value `*` stays, for `any`; options that are undefined are left out.
 *
 * @param {Record<string, string | number | boolean | undefined>} options
 * @param {string} key the object's key, or another picture's whole URL
 * @returns {string}
 */
export function transformPath(options, key) {
  const pairs = Object.entries(options).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) throw new Error('A transform has at least one option, such as format: "auto".');
  if (!key) throw new Error('A transform is of a picture: its key is empty.');
  const value = (text) => (text === '*' ? '*' : percentEncoded(text).replace(/%3B|%3A/g, decodeURIComponent));
  const written = pairs.map(([name, text]) => `${percentEncoded(name)}=${value(String(text))}`);
  return `${PREFIXES[0]}${written.join(',')}/${key.split('/').map(percentEncoded).join('/')}`;
}

/** All but A-Z, a-z, 0-9, -, _, . and ~ percent-encoded. */
const percentEncoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** As browsers send it: what they would encode is encoded, the rest stays. */
const normalise = (url) => url.split('#')[0].replace(UNSAFE, (text) => encodeURIComponent(text).replaceAll("'", '%27'));

/** Scheme and host, which may be missing, and the rest. */
function split(url) {
  const [, host, rest] = /^(https?:\/\/[^/?#]+|)(\/(?!\/)[^]*)$/i.exec(url) ?? [];
  if (rest === undefined) throw new Error(`'${url}' is no URL that can be signed: write https://host/path, or a path.`);
  return [host, rest];
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** The set as it stands in a URL: `width.320.640`. */
function setFor(path, any) {
  const [[name, values] = [], ...others] = Object.entries(any);
  const isSet = Array.isArray(values) && values.length > 0 && [name, ...values].every((text) => PLAIN.test(text));
  if (!isSet || others.length) throw new Error('A set is one option with its values, such as { width: [320, 640] }, of A-Z, a-z, 0-9, - and _.');
  const prefix = PREFIXES.find((known) => path.startsWith(known));
  const [options, source] = prefix ? splitOnce(path.slice(prefix.length), '/') : [''];
  const named = options.split(',').filter((pair) => pair.startsWith(`${name}=`));
  const isPlaced = source !== undefined && named.join() === `${name}=*` && path.split(`${name}=*`).length === 2;
  if (!isPlaced) throw new Error(`The URL needs '${name}=*' among its options, and once.`);
  return [name, ...values].join('.');
}

function secondsOf(time) {
  const seconds = time instanceof Date ? Math.floor(time / 1000) : time;
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds < LATEST) return seconds;
  throw new Error(`'${time}' is no time in whole seconds since 1970${seconds >= LATEST ? '; is it in milliseconds?' : '.'}`);
}

/** The key that signs, checked. No message says what it is. */
function firstKey(keys) {
  const [jwk] = listOf(keys);
  const fault = (text) => new Error(`The first key cannot be used: ${text}.`);
  if (!isTable(jwk)) throw fault('it is no JWK');
  const algorithm = algorithmOf(jwk);
  if (!algorithm || (jwk.alg !== undefined && jwk.alg !== algorithm)) {
    throw fault('its algorithm is none of HS256, EdDSA (Ed25519) and ES256 (P-256)');
  }
  const mayVerify = jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'));
  if ((jwk.use ?? 'sig') !== 'sig' || !mayVerify) throw fault("its 'use' or 'key_ops' keep it for something else");
  const { kid } = jwk;
  if (typeof kid !== 'string' || !(kid.length >= 1 && kid.length <= 256)) throw fault("it needs a 'kid'");
  if (algorithm === 'HS256') {
    const secret = decode(jwk.k);
    if (!secret || secret.length > MOST_SECRET_BYTES) throw fault('it is no complete JWK');
    if (secret.length < LEAST_SECRET_BYTES) throw fault(`it has ${secret.length * 8} bits, and at least 256 are needed; \`lenslet key new\` makes one`);
    return { algorithm, kid, secret };
  }
  const { kty, crv, x, y, d } = jwk;
  if (d === undefined) throw fault('it is a public key, and only private ones sign');
  const parts = algorithm === 'ES256' ? { x, y, d } : { x, d };
  if (Object.values(parts).some((part) => decode(part)?.length !== 32)) throw fault('it is no complete JWK');
  return { algorithm, kid, jwk: { kty, crv, ...parts } };
}

function listOf(keys) {
  let set = keys;
  try {
    if (typeof keys === 'string') set = JSON.parse(keys);
  } catch {
    // What the parser says may quote the text, which is secret.
    set = null;
  }
  const list = isTable(set) && set.keys === undefined && set.kty !== undefined ? [set] : set?.keys;
  if (!Array.isArray(list)) throw new Error('The keys are no JWK Set: {"keys": […]} is expected.');
  if (list.length === 0) throw new Error('There is no key in the JWK Set.');
  return list;
}

function algorithmOf({ kty, crv }) {
  if (kty === 'oct') return 'HS256';
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  return kty === 'EC' && crv === 'P-256' ? 'ES256' : null;
}

/** How each algorithm is called by WebCrypto: when a key is read, and when it signs. */
const CALLED = {
  HS256: [{ name: 'HMAC', hash: 'SHA-256' }, 'HMAC'],
  EdDSA: [{ name: 'Ed25519' }, 'Ed25519'],
  ES256: [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }],
};

async function signatureOf({ algorithm, secret, jwk }, message) {
  const [read, sign] = CALLED[algorithm];
  const key = await crypto.subtle.importKey(secret ? 'raw' : 'jwk', secret ?? jwk, read, false, ['sign']);
  return encode(new Uint8Array(await crypto.subtle.sign(sign, key, bytesOf(message))));
}

const isTable = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const bytesOf = (text) => new TextEncoder().encode(text);

/** base64url without padding. */
function encode(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of base64url without padding, in its only spelling; null where it is none. */
function decode(text) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  return encode(bytes) === text ? bytes : null;
}
