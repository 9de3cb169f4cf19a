import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SegmentWindow } from "../packager/window.ts";
import { FIRST, LONG, lowLatency, show, stage } from "./testing/stage.ts";

describe("delivery", () => {
  test("types, caching and CORS of every kind of resource", async () => {
    const at = stage();
    show(at, "one").fill();
    for (const [path, type, cache] of [
      ["master.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1"],
      ["video/index.m3u8", "application/vnd.apple.mpegurl", "public, max-age=1"],
      ["manifest.mpd", "application/dash+xml", "public, max-age=1"],
      [`video/init-${FIRST}.mp4`, "video/mp4", "public, max-age=31536000, immutable"],
      [`audio/init-${FIRST}.mp4`, "audio/mp4", "public, max-age=31536000, immutable"],
      [`video/${FIRST}.m4s`, "video/mp4", "public, max-age=31536000, immutable"],
      [`audio/${FIRST + 1}.m4s`, "audio/mp4", "public, max-age=31536000, immutable"],
    ] as const) {
      const response = await at.get(`/live/one/${path}?token=anything`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(type);
      expect(response.headers.get("cache-control")).toBe(cache);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const body = await response.arrayBuffer();
      expect(Number(response.headers.get("content-length"))).toBe(body.byteLength);
      const head = await at.get(`/live/one/${path}`, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe(String(body.byteLength));
      expect((await head.arrayBuffer()).byteLength).toBe(0);
      const etag = response.headers.get("etag")!;
      const again = await at.get(`/live/one/${path}`, { headers: { "if-none-match": `"other", ${etag}` } });
      expect(again.status).toBe(304);
    }
    const preflight = await at.get("/live/one/master.m3u8", { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect((await at.get("/live/one/master.m3u8", { method: "POST" })).status).toBe(405);
  });

  test("ranges of a segment", async () => {
    const at = stage();
    show(at, "one").fill();
    const path = `/live/one/video/${FIRST}.m4s`;
    const whole = new Uint8Array(await (await at.get(path)).arrayBuffer());
    const size = whole.length;
    for (const [range, start, end] of [
      ["bytes=0-0", 0, 0],
      ["bytes=10-19", 10, 19],
      [`bytes=${size - 5}-`, size - 5, size - 1],
      ["bytes=-7", size - 7, size - 1],
      [`bytes=3-${size + 100}`, 3, size - 1],
      [`bytes=-${size + 100}`, 0, size - 1],
    ] as const) {
      const response = await at.get(path, { headers: { range } });
      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end}/${size}`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(whole.slice(start, end + 1));
    }
    for (const range of [`bytes=${size}-`, "bytes=-0"]) {
      const response = await at.get(path, { headers: { range } });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe(`bytes */${size}`);
    }
    // Malformed, several at once, or of other bytes: the whole.
    for (const headers of [{ range: "bytes=5-2" }, { range: "bytes=0-1,4-5" }, { range: "lines=1-2" }]) {
      expect((await at.get(path, { headers })).status).toBe(200);
    }
    expect((await at.get(path, { headers: { range: "bytes=0-1", "if-range": '"other"' } })).status).toBe(200);
  });

  test("a playlist that is not there yet is held, and answered at the first segment", async () => {
    const at = stage();
    const { fill } = show(at, "soon");
    const waiting = [
      at.get("/live/soon/master.m3u8"),
      at.get("/live/soon/manifest.mpd"),
      at.get("/live/soon/audio/index.m3u8"),
    ];
    expect(at.delivery.stats.held).toBe(3);
    expect((await at.get(`/live/soon/video/${FIRST}.m4s`)).status).toBe(404);
    fill();
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
    expect(at.delivery.stats.held).toBe(0);
  });

  test("held no longer than allowed, and no more than allowed", async () => {
    const at = stage({ holdMs: 30, maxHeld: 1 });
    show(at, "never");
    const first = at.get("/live/never/master.m3u8");
    const second = await at.get("/live/never/master.m3u8");
    for (const response of [second, await first]) {
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
    }
  });

  test("a broadcast that ends without a segment lets its viewers go", async () => {
    const at = stage();
    const { channel } = show(at, "short");
    const waiting = at.get("/live/short/master.m3u8");
    channel.ended();
    expect((await waiting).status).toBe(404);
    expect(at.delivery.stats.channels).toBe(0);
  });

  test("private, unknown and malformed: not found, never thrown", async () => {
    const at = stage();
    show(at, "hidden", true).fill();
    for (const path of [
      "/live/hidden/master.m3u8",
      `/live/hidden/video/${FIRST}.m4s`,
      "/live/unknown/master.m3u8",
      "/live/__proto__/master.m3u8",
      "/live/constructor/video/index.m3u8",
      "/live/x/..%2f..%2fetc/passwd",
      "/live/a%2f..%2fb/master.m3u8",
      `/live/${"x".repeat(5000)}/master.m3u8`,
      "/live/hidden/video/99999999999999999999.m4s",
      "/live/hidden/toString/index.m3u8",
      "/live/",
      "/live//",
    ]) {
      const response = await at.get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toStartWith("text/plain");
    }
    for (const path of ["/", "/live", "/livestream/one/master.m3u8", "/api/live/x"]) {
      expect(at.delivery.handle(new Request(`http://host${path}`))).toBeNull();
    }
    await fc.assert(
      fc.asyncProperty(fc.webPath(), async (path) => {
        const response = await at.delivery.handle(new Request(`http://host/live${path}`));
        expect(response === null || response.status === 404 || response.status === 200).toBeTrue();
      }),
      { numRuns: 300 },
    );
  });

  test("after the end the playlist says so, and goes when nobody can need it", async () => {
    const at = stage();
    const { channel, window, fill } = show(at, "over");
    fill();
    window.end();
    channel.changed();
    channel.ended();
    expect(await (await at.get("/live/over/video/index.m3u8")).text()).toContain("#EXT-X-ENDLIST");
    expect(await (await at.get("/live/over/manifest.mpd")).text()).toContain('type="static"');
    expect((await at.get(`/live/over/video/${FIRST}.m4s`)).status).toBe(200);
    expect(at.delivery.nextNumber("over")).toBe(FIRST + 4);
  });

  test("a newer broadcast of the same channel takes over; segments of the older one still answer", async () => {
    const at = stage();
    const older = show(at, "again");
    older.fill();
    older.window.end();
    older.channel.ended();
    const number = at.delivery.nextNumber("again");
    expect(number).toBeGreaterThan(FIRST + 3);
    const newer = show(at, "again", false, number);
    const held = at.get("/live/again/master.m3u8");
    newer.fill();
    expect((await held).status).toBe(200);
    const playlist = await (await at.get("/live/again/video/index.m3u8")).text();
    expect(playlist).toContain(`#EXT-X-MEDIA-SEQUENCE:${number}\n`);
    expect(playlist).not.toContain("#EXT-X-ENDLIST");
    for (const each of [FIRST, number]) {
      expect((await at.get(`/live/again/video/${each}.m4s`)).status).toBe(200);
      expect((await at.get(`/live/again/video/init-${each}.mp4`)).status).toBe(200);
    }
  });

  test("a playlist is rendered once for all who ask", async () => {
    const at = stage();
    show(at, "one").fill();
    const first = await at.get("/live/one/video/index.m3u8");
    const second = await at.get("/live/one/video/index.m3u8");
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await second.text()).toBe(await first.text());
  });

  test("UTCTiming", async () => {
    const at = stage();
    const response = await at.get("/live/time");
    expect(Date.parse(await response.text())).toBe(at.now);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  const video = (window: SegmentWindow) => window.view?.renditions.find(({ name }) => name === "video");
  const partUri = (playlist: string, tag: string) =>
    new RegExp(`^#EXT-X-${tag}:.*URI="(p[^"]+)"`, "m").exec(playlist)![1]!;

  test("a blocking reload is held until its part is listed, and costs one render for all who wait", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live.window)!.growing!;
    const path = `/live/low/video/index.m3u8?_HLS_msn=${number}&_HLS_part=1`;
    const held = Array.from({ length: 50 }, () => at.get(path));
    await Promise.resolve();
    expect(at.delivery.stats.held).toBe(50);
    live.until(() => (video(live.window)?.growing?.parts.length ?? 0) === 2);
    const answers = await Promise.all(held);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=12");
    }
    const text = await answers[0]!.text();
    expect(text).toContain("#EXT-X-PART-INF:PART-TARGET=");
    expect(text.match(/^#EXT-X-PART:/gm)!.length).toBeGreaterThanOrEqual(2);
    expect(new Set(await Promise.all(answers.slice(1).map((answer) => answer.text())))).toEqual(new Set([text]));
    // A part beyond the last of a whole segment is the first of the next; the past answers at once.
    live.until(() => video(live.window)!.segments.at(-1)!.number === number);
    const next = at.get(`/live/low/video/index.m3u8?_HLS_msn=${number}&_HLS_part=99`);
    await Promise.resolve();
    expect(at.delivery.stats.held).toBe(1);
    live.until(() => video(live.window)!.growing?.number === number + 1);
    expect((await next).status).toBe(200);
    expect((await at.get(`/live/low/video/index.m3u8?_HLS_msn=${number - 1}`)).status).toBe(200);
    expect(at.delivery.stats.held).toBe(0);
  });

  test("directives that make no sense are told so at once", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.segments.length ?? 0) === 2);
    const last = video(live.window)!.segments.at(-1)!.number;
    for (const query of [
      "_HLS_part=0",
      `_HLS_msn=${last + 3}`,
      "_HLS_msn=x",
      "_HLS_msn=-1",
      `_HLS_msn=${last}&_HLS_part=1.5`,
    ])
      expect((await at.get(`/live/low/video/index.m3u8?${query}`)).status).toBe(400);
    live.end();
    const ended = await at.get(`/live/low/video/index.m3u8?_HLS_msn=${last + 1}&_HLS_part=3`);
    expect(await ended.text()).toContain("#EXT-X-ENDLIST");
  });

  test("a reload for what does not come is given up", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.segments.length ?? 0) === 2);
    const last = video(live.window)!.segments.at(-1)!.number;
    const held = at.get(`/live/low/video/index.m3u8?_HLS_msn=${last + 2}`);
    await Promise.resolve();
    at.delivery.stop();
    const answer = await held;
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  test("the hinted part is held, then is what the playlist lists under that name", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.segments.length ?? 0) === 2);
    for (let i = 0; i < 9; i++) {
      const before = video(live.window)!.nextPart;
      const hint = partUri(await (await at.get("/live/low/video/index.m3u8")).text(), "PRELOAD-HINT");
      const held = at.get(`/live/low/video/${hint}`);
      await Promise.resolve();
      expect(at.delivery.stats.held).toBe(1);
      live.until(() => video(live.window)!.nextPart === before + 1);
      const answer = await held;
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toContain("immutable");
      const bytes = await answer.bytes();
      expect(bytes).toEqual(live.window.part("video", before)!.bytes);
      expect(await (await at.get("/live/low/video/index.m3u8")).text()).toContain(`URI="${hint}"`);
    }
    expect((await at.get(`/live/low/video/p${FIRST}-9999.m4s`)).status).toBe(404);
    expect((await at.get(`/live/low/video/p1-0.m4s`)).status).toBe(404);
  });

  test("a growing segment goes out part by part, and is the segment in the end", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live.window)!.growing!;
    const response = await at.get(`/live/low/video/${number}.m4s`);
    expect(response.headers.has("content-length")).toBeFalse();
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(first.value).toEqual(video(live.window)!.growing!.parts[0]!.bytes);
    const second = reader.read();
    live.until(() => (video(live.window)?.growing?.parts.length ?? 0) === 2);
    const pieces = [first.value!, (await second).value!];
    live.until(() => live.window.segment("video", number) !== null);
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    expect(Buffer.concat(pieces).equals(live.window.segment("video", number)!.bytes)).toBeTrue();
    // The one after it is waited for; one further away is not there.
    const coming = at.get(`/live/low/video/${number + 1}.m4s`);
    expect((await at.get(`/live/low/video/${number + 2}.m4s`)).status).toBe(404);
    live.until(() => video(live.window)!.growing?.number === number + 1);
    expect((await coming).status).toBe(200);
    live.end();
  });

  test("a delta update leaves out what lies before the skip boundary", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live.window)?.segments.at(-1)?.number ?? 0) === FIRST + 10);
    const whole = await (await at.get("/live/low/video/index.m3u8")).text();
    const delta = await (await at.get("/live/low/video/index.m3u8?_HLS_skip=YES")).text();
    const skipped = Number(/^#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)$/m.exec(delta)?.[1] ?? 0);
    const names = (text: string) => [...text.matchAll(/^\d+\.m4s$/gm)].map(([name]) => name);
    expect(names(delta)).toEqual(names(whole).slice(skipped));
    const seconds = [...whole.matchAll(/^#EXTINF:([\d.]+)/gm)].map((match) => Number(match[1]));
    const kept = seconds.slice(skipped).reduce((sum, each) => sum + each, 0);
    expect(kept).toBeGreaterThanOrEqual(12 - 2.5);
  });
});
