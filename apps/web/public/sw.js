// The service worker: shows what is pushed and opens the room at a click. It keeps no page and answers no request.
const SHOWN = 'parley-shown';
const SHOWN_MOST = 200;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));

async function show(data) {
  const push = read(data);
  if (push === null || !(await isNew(push.tag))) return;
  // The same tag replaces: a push that came twice at once is one notification.
  await self.registration.showNotification(push.title, {
    body: push.body,
    tag: push.tag,
    icon: '/favicon.svg',
    data: { path: `/r/${push.room}/m/${push.seq}` },
  });
}

function read(data) {
  try {
    const push = data.json();
    const known = /^[0-9a-f-]{36}$/.test(push.room) && Number.isSafeInteger(push.seq) && push.seq > 0;
    return known ? { room: push.room, seq: push.seq, tag: `${push.room}:${push.seq}`, title: String(push.title), body: String(push.body) } : null;
  } catch {
    return null;
  }
}

/** Also when the notification was swept away meanwhile: nobody sees one twice. */
async function isNew(tag) {
  const shown = await caches.open(SHOWN);
  const key = `/shown/${encodeURIComponent(tag)}`;
  if (await shown.match(key)) return false;
  await shown.put(key, new Response(''));
  const keys = await shown.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - SHOWN_MOST))) await shown.delete(old);
  return true;
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.path));
});

async function open(path) {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) return self.clients.openWindow(path);
  page.postMessage({ open: path });
  return page.focus();
}
