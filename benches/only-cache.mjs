// Who cached hits are measured against: a Worker that only reads the Cache API. What is sent to it is what it answers.

const KEY = 'https://bare.invalid/picture';

export default {
  async fetch(request) {
    if (request.method === 'GET') return (await caches.default.match(KEY)) ?? new Response('nothing was sent yet', { status: 404 });
    const headers = { 'content-type': 'image/jpeg', 'cache-control': 'public, max-age=86400' };
    await caches.default.put(KEY, new Response(await request.arrayBuffer(), { headers }));
    return new Response('kept');
  },
};
