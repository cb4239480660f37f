// Keeps the page's files, so that it comes up without its cloud: what is new comes from the network, what there was from here.
const CACHE = 'renorm-page';
/** What the cloud adds to the files that were built; the root is there where it signs. */
const ADDED = ['/edge.onnx', '/page.json'];

self.addEventListener('install', (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && new URL(url).origin === self.location.origin) event.respondWith(answer(event.request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  const files = await (await fetch('/files.json')).json();
  await cache.addAll([...files, ...ADDED]);
  const { trust } = await (await cache.match('/page.json')).json();
  if (trust) await cache.add('/root');
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept === undefined) throw error;
    return kept;
  }
}
