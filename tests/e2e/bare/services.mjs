// The other end of control.js: what tests say to the services that stand for R2, KV and the Cache API.

const CONTROL = 'lenslet-control';
const QUIET = { [CONTROL]: 'quiet' };

/** JSON that a header can carry. */
const inHeader = (value) => JSON.stringify(value).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What every service can: count, and fail as told. */
export function controlOf(port) {
  const say = async (word, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { [CONTROL]: word }, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${word}: ${response.status}`);
    return response;
  };
  return {
    /** How often what was asked and which fault was met since the start: `{ operations: { get: 1 }, faults: { fail: 1 } }`. */
    counts: async () => (await say('counts')).json(),
    /**
     * Sets a fault: `fail`, `stall`, `slow` by `ms`, and of a bucket's get `cut`. `kinds` are operations, `key` is a name
     * or a pattern; `times`, `percent` and `seed` are as of rules.js.
     */
    set: async (fault, { key, ...more } = {}) => void (await say('set', { fault, ...more, key: key instanceof RegExp ? { pattern: key.source, flags: key.flags } : key })),
    clear: async () => void (await say('clear')),
  };
}

/** An R2 bucket, asked as the runtime asks, but neither counted nor failing. */
export function bucketOf(port) {
  const url = `http://127.0.0.1:${port}/`;
  const read = (message) => fetch(url, { headers: { ...QUIET, 'cf-r2-request': inHeader({ version: 1, ...message }) } });
  const write = async (message, bytes = '') => {
    const text = Buffer.from(JSON.stringify({ version: 1, ...message }));
    const headers = { ...QUIET, 'cf-r2-metadata-size': `${text.length}` };
    const response = await fetch(url, { method: 'PUT', headers, body: Buffer.concat([text, Buffer.from(bytes)]) });
    const said = await response.text();
    if (!response.ok) throw new Error(`${message.method} ${message.object}: ${response.status} ${response.headers.get('cf-r2-error')}`);
    return said && JSON.parse(said);
  };
  return {
    ...controlOf(port),
    /** Puts an object, with metadata where it has any: `{ httpFields: { contentType }, customFields: { name: value } }`. */
    put: (key, bytes, { httpFields, customFields = {} } = {}) =>
      write({ method: 'put', object: key, httpFields, customFields: Object.entries(customFields).map(([k, v]) => ({ k, v })) }, bytes),
    delete: async (key) => void (await write({ method: 'delete', object: key })),
    /** An object, `{ facts, bytes }`, or null. */
    async get(key) {
      const response = await read({ method: 'get', object: key });
      const all = Buffer.from(await response.arrayBuffer());
      if (response.status === 404) return null;
      const size = Number(response.headers.get('cf-r2-metadata-size'));
      return { facts: JSON.parse(all.subarray(0, size)), bytes: all.subarray(size) };
    },
    /** The first thousand keys with this beginning. */
    keys: async (prefix) => (await (await read({ method: 'list', prefix })).json()).objects.map(({ name }) => name),
  };
}

/** A KV namespace, likewise. */
export function namespaceOf(port) {
  const ask = (method, key, body, query = '') => fetch(`http://127.0.0.1:${port}/${encodeURIComponent(key)}${query}`, { method, headers: QUIET, body });
  return {
    ...controlOf(port),
    put: async (key, value, { seconds } = {}) => void (await ask('PUT', key, value, seconds ? `?expiration_ttl=${seconds}` : '')),
    /** A value as text, or null. */
    async get(key) {
      const response = await ask('GET', key);
      const text = await response.text();
      return response.ok ? text : null;
    },
    delete: async (key) => void (await ask('DELETE', key)),
    keys: async () => (await (await ask('GET', '')).json()).keys.map(({ name }) => name),
  };
}
