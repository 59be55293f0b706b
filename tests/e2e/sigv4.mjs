// AWS Signature Version 4 in headers, as clients of S3 sign: written from its description and not from our Rust, so that
// the one can be tried against the other.

import { createHash, createHmac } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Percent-encoded as S3 wants it: all but letters, digits and `-._~`. */
export const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** A key as the path of a URL: its slashes stay. */
export const encodedKey = (key) => key.split('/').map(encoded).join('/');

/**
 * The headers to send with a request to S3, `headers` among them. All of them are signed. `url` is signed as it is written,
 * for the host in it.
 */
export function signed({ method = 'GET', url, headers = {}, body = '', region, credentials, now = new Date() }) {
  const { host, pathname, searchParams } = new URL(url);
  const moment = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const hash = sha256(body);
  const sent = { ...headers, 'x-amz-content-sha256': hash, 'x-amz-date': moment };
  const lower = Object.entries({ ...sent, host }).map(([name, value]) => [name.toLowerCase(), `${value}`.trim().replace(/ +/g, ' ')]);
  lower.sort(byName);
  const names = lower.map(([name]) => name).join(';');
  const query = [...searchParams].map((pair) => pair.map(encoded)).sort(byName).map((pair) => pair.join('='));
  const canonical = [method, pathname, query.join('&'), ...lower.map((pair) => pair.join(':')), '', names, hash].join('\n');
  const scope = `${moment.slice(0, 8)}/${region}/s3/aws4_request`;
  const key = scope.split('/').reduce(hmac, `AWS4${credentials.secret_access_key}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${moment}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.access_key_id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

const byName = ([a, one], [b, other]) => (a === b ? Number(one > other) - Number(one < other) : a < b ? -1 : 1);
