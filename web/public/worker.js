// The site's service worker: shows what is pushed, opens what is clicked, and says so when there is no connection. It keeps nothing else: pages and
// media come from the network, as without it.
const OFFLINE = "offline-1";
const KEPT = ["/offline.html", "/offline.css", "/offline.js", "/favicon.svg"];

// Media and the API go past this worker, where the browser lets it say so: a request is not held up by a worker that starts, and what a page says
// when it is left (navigator.sendBeacon) is not lost with the page that the worker would answer.
const PAST = ["/api/*", "/live/*", "/vod/*", "/assets/*", "/uploads/*"];

self.addEventListener("install", (event) => {
  event.addRoutes?.(PAST.map((pathname) => ({ condition: { urlPattern: { pathname } }, source: "network" })));
  event.waitUntil(
    caches
      .open(OFFLINE)
      .then((cache) => cache.addAll(KEPT))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== OFFLINE) await caches.delete(name);
      // The page is asked for while this worker is still starting.
      await self.registration.navigationPreload?.enable();
      await self.clients.claim();
    })(),
  );
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match("/offline.html")) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate" && request.destination === "document") event.respondWith(page(event));
  else if (origin === self.location.origin && KEPT.includes(pathname))
    event.respondWith(fetch(request).catch(async () => (await caches.match(pathname)) ?? Response.error()));
});

// What the API sends: api/src/notices/push.ts, PushMessage.
self.addEventListener("push", (event) => {
  const { title, body, url, tag } = event.data.json();
  const shown = { body, tag, icon: "/icon-192.png", badge: "/badge-96.png", data: { url }, renotify: true };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data.url, self.location.origin).href;
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((each) => each.url === url);
      await (open === undefined ? self.clients.openWindow(url) : open.focus());
    })(),
  );
});
