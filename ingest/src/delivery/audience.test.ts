import { expect, test } from "bun:test";
import { withAudience } from "./audience.ts";

const visibilities = { one: "public", hidden: "unlisted", secret: "private", open: "public" } as const;
const ids = { one: 1, hidden: 2, secret: 3, open: null } as const;

function stage() {
  const seen: string[] = [];
  const handle = withAudience(
    () => new Response("media"),
    (slug) =>
      slug in ids
        ? { streamId: ids[slug as keyof typeof ids], visibility: visibilities[slug as keyof typeof ids] }
        : undefined,
    { saw: (streamId, request, address) => void seen.push(`${streamId} ${new URL(request.url).pathname} ${address}`) },
  );
  const ask = async (path: string, method = "GET") => {
    const response = await handle(new Request(`http://host${path}`, { method }), "192.0.2.1");
    expect(await response?.text()).toBe("media");
  };
  return { seen, ask };
}

test("what players ask for again and again is told, of live broadcasts that are not private", async () => {
  const { seen, ask } = stage();
  for (const path of ["/live/one/video/index.m3u8", "/live/one/manifest.mpd", "/live/hidden/audio/index.m3u8"])
    await ask(path);
  await ask("/live/one/video/index.m3u8?_HLS_msn=7&_HLS_part=2");
  expect(seen).toEqual([
    "1 /live/one/video/index.m3u8 192.0.2.1",
    "1 /live/one/manifest.mpd 192.0.2.1",
    "2 /live/hidden/audio/index.m3u8 192.0.2.1",
    "1 /live/one/video/index.m3u8 192.0.2.1",
  ]);
});

test.each([
  "/live/one/master.m3u8",
  "/live/one/video/7.m4s",
  "/live/one/video/init-7.mp4",
  "/live/time",
  "/live/none/video/index.m3u8",
  "/live/secret/video/index.m3u8",
  "/live/open/video/index.m3u8",
  "/live/one/video/x/index.m3u8",
  "/elsewhere?/live/one/video/index.m3u8",
  "/live/one/video/7.m4s?/live/one/manifest.mpd",
  "/vod/1/video/index.m3u8",
  "/",
])("%s is not", async (path) => {
  const { seen, ask } = stage();
  await ask(path);
  expect(seen).toEqual([]);
});

test("a look without taking is not watching", async () => {
  const { seen, ask } = stage();
  for (const method of ["HEAD", "OPTIONS", "POST"]) await ask("/live/one/video/index.m3u8", method);
  expect(seen).toEqual([]);
});

test("without a platform nobody is told", async () => {
  const handle = withAudience(
    () => null,
    () => undefined,
    null,
  );
  expect(handle(new Request("http://host/live/one/manifest.mpd"))).toBeNull();
});
