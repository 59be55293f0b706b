// Keys, signed URLs and tokens, made here and not by what is tested.

import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A secret that signs URLs, as a JWK. */
export const urlKey = (kid) => ({ kty: 'oct', kid, alg: 'HS256', use: 'sig', k: randomBytes(32).toString('base64url') });

/**
 * Signs a path and query that are written as browsers send them. For a set, `path` is that of one of its members, and
 * `any` the option's name with its values, as `width.320.640`.
 */
export function signUrl({ kid, k }, path, { expires, any } = {}) {
  const [bare, query] = path.split('?', 2);
  const tail = [any && `any=${any}`, expires && `exp=${expires}`, `kid=${kid}`];
  const signed = [query, ...tail].filter(Boolean).join('&');
  const name = any?.split('.')[0];
  const general = any ? bare.replace(new RegExp(`([/,]${name}=)[^,/]*`), '$1*') : bare;
  const hash = createHmac('sha256', Buffer.from(k, 'base64url')).update(`lenslet-url-1\n${general}?${signed}`);
  return `${bare}?${signed}&sig=${hash.digest('base64url')}`;
}

/** A pair of keys for tokens (Ed25519): `{ kid, jwk, privateJwk, secret }`, the first of which may be published. */
export function tokenKey(kid) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const more = { kid, alg: 'EdDSA', use: 'sig' };
  return { kid, jwk: { ...publicKey.export({ format: 'jwk' }), ...more }, privateJwk: { ...privateKey.export({ format: 'jwk' }), ...more }, secret: privateKey };
}

/** A token with these claims. */
export function signToken({ kid, secret }, claims) {
  const [header, payload] = [{ alg: 'EdDSA', typ: 'JWT', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const message = `${header}.${payload}`;
  return `${message}.${sign(null, Buffer.from(message), secret).toString('base64url')}`;
}

/** A JWK Set. */
export const keySet = (...keys) => ({ keys });

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);
