// What the runtime asks when a Worker uses an R2 bucket, as far as Lenslet does: head and get. Objects come by PUT.

const objects = new Map();

export default {
  async fetch(request) {
    if (request.method === 'PUT') {
      const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
      objects.set(key, await object(key, await request.arrayBuffer()));
      return new Response(null, { status: 204 });
    }
    const { method, object: key } = JSON.parse(request.headers.get('cf-r2-request'));
    const found = objects.get(key);
    if (!found) return missing();
    const facts = new TextEncoder().encode(JSON.stringify(found.facts));
    const body = method === 'get' ? new Blob([facts, found.bytes]) : facts;
    return new Response(body, { headers: { 'cf-r2-metadata-size': `${facts.length}` } });
  },
};

async function object(name, bytes) {
  const hash = [...new Uint8Array(await crypto.subtle.digest('MD5', bytes))];
  const etag = hash.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const facts = { name, version: etag, size: bytes.byteLength, etag, uploaded: Date.now(), storageClass: 'Standard', checksums: {} };
  return { facts, bytes };
}

function missing() {
  const error = { version: 1, v4code: 10007, message: 'The specified key does not exist.' };
  return new Response(null, { status: 404, headers: { 'cf-r2-error': JSON.stringify(error) } });
}
