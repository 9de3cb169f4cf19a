/** What every kind of answer tells caches, to the letter: an edge takes the viewers off this server, and must never give one of them the wrong thing. */
import { describe, expect, test } from "bun:test";
import { FIRST, LONG, lowLatency, show, stage } from "./testing/stage.ts";

const FOREVER = "public, max-age=31536000, immutable";
/** Target duration 2 s: half of it for what players read to begin with, six of it for what names one moment. */
const SOON = "public, max-age=1";
const MOMENT = "public, max-age=12";

function scene() {
  const at = stage({ holdMs: 1 });
  const live = lowLatency(at, "low", LONG);
  const video = () => live.window.view?.renditions.find(({ name }) => name === "video");
  live.until(() => (video()?.segments.length ?? 0) === 3 && (video()?.growing?.parts.length ?? 0) === 2);
  const { number } = video()!.growing!;
  show(at, "plain").fill();
  show(at, "young");
  return { at, live, number, next: video()!.nextPart };
}

const answers = (
  number: number,
): readonly (readonly [path: string, status: number, cacheControl: string, init?: RequestInit])[] => [
  ["/live/low/master.m3u8", 200, SOON],
  ["/live/low/manifest.mpd", 200, SOON],
  ["/live/low/video/index.m3u8", 200, SOON],
  ["/live/plain/video/index.m3u8", 200, SOON],
  // rfc8216bis §6.2.5.2 and media rule 10: the address names what must be in it.
  [`/live/low/video/index.m3u8?_HLS_msn=${number}&_HLS_part=1`, 200, MOMENT],
  [`/live/low/video/index.m3u8?_HLS_msn=${number - 1}&_HLS_skip=YES`, 200, MOMENT],
  // Without a moment it is another one each time.
  ["/live/low/video/index.m3u8?_HLS_skip=YES", 200, SOON],
  [`/live/low/video/init-${FIRST}.mp4`, 200, FOREVER],
  [`/live/low/video/${FIRST}.m4s`, 200, FOREVER],
  [`/live/low/video/p${FIRST}-0.m4s`, 200, FOREVER],
  // It grows, and ends as what it will always be.
  [`/live/low/video/${number}.m4s`, 200, FOREVER],
  [`/live/low/video/${FIRST}.m4s`, 206, FOREVER, { headers: { range: "bytes=0-9" } }],
  [`/live/low/video/${FIRST}.m4s`, 304, FOREVER, { headers: { "if-none-match": `"video-${FIRST}"` } }],
  [`/live/low/video/${FIRST}.m4s`, 416, "no-store", { headers: { range: "bytes=99999999-" } }],
  ["/live/time", 200, "no-store"],
  // What is not there may be in a moment.
  ["/live/nobody/master.m3u8", 404, "max-age=1"],
  ["/live/low/none/index.m3u8", 404, "max-age=1"],
  [`/live/low/video/${number + 9}.m4s`, 404, "max-age=1"],
  [`/live/low/video/p${FIRST}-99999.m4s`, 404, "max-age=1"],
  ["/live/low/video/nothing", 404, "max-age=1"],
  // What is wrong now may be right in a moment.
  [`/live/low/video/index.m3u8?_HLS_msn=${number + 9}`, 400, "no-store"],
  ["/live/low/video/index.m3u8?_HLS_part=1", 400, "no-store"],
  ["/live/young/master.m3u8", 503, "no-store"],
];

describe("what caches are told", () => {
  test("by every kind of answer, GET and HEAD alike", async () => {
    const { at, number } = scene();
    for (const [path, status, cacheControl, init] of answers(number)) {
      const answer = await at.get(path, init);
      expect([path, answer.status, answer.headers.get("cache-control")]).toEqual([path, status, cacheControl]);
      const body = await (status === 200 && path.endsWith(`/${number}.m4s`) ? answer.body?.cancel() : answer.bytes());
      const head = await at.get(path, { ...init, method: "HEAD" });
      // RFC 9110 §14.2: a range is of GET alone.
      const expected = status === 206 || status === 416 ? 200 : status;
      expect([path, head.status]).toEqual([path, expected]);
      // The sentence of a refusal the server itself leaves out.
      if (status < 400) expect([path, (await head.bytes()).length]).toEqual([path, 0]);
      if (expected !== status) continue;
      const [had, has] = [answer, head].map(({ headers }) => JSON.stringify([...headers]));
      expect(has).toBe(had!);
      if (body !== undefined && status === 200 && answer.headers.has("content-length"))
        expect(Number(answer.headers.get("content-length"))).toBe(body.length);
    }
  });

  test("nothing differs by who asks, so nothing is told to vary", async () => {
    const { at, number } = scene();
    for (const [path] of answers(number)) {
      const headers = { cookie: "streamhub_access=x", authorization: "Bearer x", origin: "https://elsewhere.example" };
      const [plain, other] = [await at.get(path), await at.get(path, { headers })];
      expect(JSON.stringify([...other.headers])).toBe(JSON.stringify([...plain.headers]));
      expect(plain.headers.has("vary") || plain.headers.has("set-cookie")).toBeFalse();
    }
  });

  test("one that has a playlist is told that it is the same until it is not", async () => {
    const { at, live } = scene();
    for (const path of ["/live/low/master.m3u8", "/live/low/video/index.m3u8", "/live/low/manifest.mpd"]) {
      const etag = (await at.get(path)).headers.get("etag")!;
      expect(etag).toMatch(/^"[\w-]+"$/);
      for (const given of [etag, `W/${etag}`, `"x", ${etag}`, "*"])
        expect((await at.get(path, { headers: { "if-none-match": given } })).status).toBe(304);
    }
    const path = "/live/low/video/index.m3u8";
    const before = (await at.get(path)).headers.get("etag")!;
    const { number } = live.window.view!.renditions[0]!.segments.at(-1)!;
    live.until(() => live.window.view!.renditions[0]!.segments.at(-1)!.number > number);
    const after = await at.get(path, { headers: { "if-none-match": before } });
    expect([after.status, after.headers.get("etag") === before]).toEqual([200, false]);
  });

  test("a part that is held: HEAD waits for it as GET does", async () => {
    const { at, live, next } = scene();
    const path = `/live/low/video/p${FIRST}-${next}.m4s`;
    const [get, head] = [at.get(path), at.get(path, { method: "HEAD" })];
    await Promise.resolve();
    expect(at.delivery.stats.held).toBe(2);
    live.until(() => live.window.part("video", next) !== null);
    const [whole, known] = await Promise.all([get, head]);
    expect([whole.status, known.status]).toEqual([200, 200]);
    expect(Number(known.headers.get("content-length"))).toBe((await whole.bytes()).length);
    const some = await at.get(path, { headers: { range: "bytes=1-3" } });
    expect([some.status, (await some.bytes()).length]).toEqual([206, 3]);
  });
});
