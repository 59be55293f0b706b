// Who cached hits are measured against, too: a Worker that answers the same bytes each time and asks nobody.

const headers = { 'content-type': 'image/jpeg', 'cache-control': 'public, max-age=86400', 'cf-cache-status': 'HIT' };
let bytes = new Uint8Array(0);

export default {
  async fetch(request) {
    if (request.method === 'PUT') bytes = new Uint8Array(await request.arrayBuffer());
    return new Response(bytes, { headers });
  },
};
