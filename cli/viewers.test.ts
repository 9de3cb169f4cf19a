/** Who watches a live broadcast, on a real server: players and browsers, by HLS, DASH and the API, each counted once. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { makeDataDir, publish, removeDataDir, startServer, until } from "./e2e/server.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

const FIREFOX = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const VLC = { "user-agent": "VLC/3.0.21 LibVLC/3.0.21" };
const CURL = { "user-agent": "curl/8.5.0" };

test("HLS and DASH players that never call the API, and browsers that do, are one viewer each; programs are none", async () => {
  const dataDir = makeDataDir();
  cleanUps.push(() => removeDataDir(dataDir));
  const server = await startServer({ dataDir });
  cleanUps.push(() => server.stop());
  const encoder = publish(`${server.rtmp}/${server.streamKey}`);
  cleanUps.push(() => encoder.stop());
  const live = `${server.site}/live/${server.slug}`;
  const stream = await until("the stream is live", async () => {
    const list = (await (await fetch(`${server.site}/api/streams?live=true`)).json()) as { items: { id: number }[] };
    return list.items[0];
  });
  await until("there is a playlist", async () =>
    (await fetch(`${live}/manifest.mpd`, { headers: CURL })).ok ? true : undefined,
  );

  const viewers = async () =>
    ((await (await fetch(`${server.site}/api/streams/${stream.id}/status`)).json()) as { viewers: number }).viewers;
  const watch = async (headers: Record<string, string>, ...names: string[]) => {
    for (const name of names) expect((await fetch(`${live}/${name}`, { headers })).status).toBe(200);
  };
  const report = async (what: string, sessionId: string, headers: Record<string, string>) => {
    const response = await fetch(`${server.site}/api/views/${sessionId}/${what}`, { method: "POST", headers });
    expect(response.status).toBe(204);
  };
  const PLAYLISTS = ["master.m3u8", "video/index.m3u8", "audio/index.m3u8"];

  await watch(CURL, ...PLAYLISTS, "manifest.mpd");
  await watch(VLC, ...PLAYLISTS, ...PLAYLISTS, "manifest.mpd");
  await until("the player is counted", async () => ((await viewers()) > 0 ? true : undefined));
  expect(await viewers()).toBe(1);

  // The player of the page may be faster than the page, whose cookie it then has not.
  await watch(FIREFOX, ...PLAYLISTS);
  await until("the browser is counted", async () => ((await viewers()) > 1 ? true : undefined));
  const views = `${server.site}/api/streams/${stream.id}/views`;
  const opened = await fetch(views, { method: "POST", headers: FIREFOX });
  const { sessionId } = (await opened.json()) as { sessionId: string };
  const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  const browser = { ...FIREFOX, cookie };
  await report("heartbeat", sessionId, browser);
  await watch(browser, ...PLAYLISTS, "manifest.mpd");
  // A tab beside it.
  const tab = (await (await fetch(views, { method: "POST", headers: browser })).json()) as { sessionId: string };
  expect(tab.sessionId).toBe(sessionId);
  await report("heartbeat", tab.sessionId, browser);
  // Another browser, whose player comes after the page.
  const other = await fetch(views, { method: "POST", headers: FIREFOX });
  const { sessionId: second } = (await other.json()) as { sessionId: string };
  const otherCookie = other.headers.get("set-cookie")?.split(";")[0] ?? "";
  await watch({ ...FIREFOX, cookie: otherCookie }, "video/index.m3u8");
  await report("heartbeat", second, { ...FIREFOX, cookie: otherCookie });
  await until("all three are counted", async () => ((await viewers()) === 3 ? true : undefined));

  const listed = await until("the list shows them", async () => {
    const list = (await (await fetch(`${server.site}/api/streams?live=true`)).json()) as {
      items: { viewCount: number; channel: { viewersCount: number } }[];
    };
    return list.items[0]?.channel.viewersCount === 3 ? list.items[0] : undefined;
  });
  expect(listed.viewCount).toBe(2);
  await report("end", second, { ...FIREFOX, cookie: otherCookie });
  await until("who leaves is not counted", async () => ((await viewers()) === 2 ? true : undefined));
});
