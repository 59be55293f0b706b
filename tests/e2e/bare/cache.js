// What the runtime asks when a Worker uses the Cache API, kept in a map: nothing here expires.

const kept = new Map();
const STATUS = 'cf-cache-status';

export default {
  async fetch(request) {
    if (request.method === 'PUT') {
      kept.set(request.url, answer(new Uint8Array(await request.arrayBuffer())));
      return new Response(null, { status: 204 });
    }
    const found = kept.get(request.url);
    if (!found) return new Response(null, { status: 504, headers: { [STATUS]: 'MISS' } });
    return new Response(found.body, { headers: { ...found.headers, [STATUS]: 'HIT' } });
  },
};

/** Takes apart an answer that was put as it stands on the wire. */
function answer(bytes) {
  const end = bytes.findIndex((_, at) => [13, 10, 13, 10].every((byte, index) => bytes[at + index] === byte));
  const [, ...lines] = new TextDecoder().decode(bytes.subarray(0, end)).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
  const body = bytes.slice(end + 4);
  if (headers['Transfer-Encoding'] || headers['transfer-encoding']) throw new Error('a body in chunks is not understood');
  return { headers, body };
}
