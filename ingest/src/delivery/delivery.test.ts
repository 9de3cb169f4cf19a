import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Milliseconds, ms, seconds } from "../bytes/units.ts";
import { makePackager } from "../packager/packager.ts";
import { type ModelEpoch, modelEpoch } from "../packager/testing/model-broadcast.ts";
import { makeSegmentWindow, type SegmentWindow } from "../packager/window.ts";
import { type Channel, type DeliveryOptions, makeDelivery } from "./delivery.ts";

const FIRST = 28_000_000;
const MODEL: ModelEpoch = {
  video: { fps: 30, gops: [60, 60, 60, 60], reorder: 0, jitter: [], width: 640 },
  audio: { sampleRate: 48000, startMs: 0, jitter: [], hole: null, lagMs: 0 },
  pauseMs: 0,
};

interface Stage {
  now: Milliseconds;
  readonly delivery: ReturnType<typeof makeDelivery>;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

function stage(options: DeliveryOptions = {}): Stage {
  const self: { now: Milliseconds } = { now: ms(Date.UTC(2026, 10, 24)) };
  const delivery = makeDelivery({ now: () => self.now, ...options });
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await delivery.handle(new Request(`http://host${path}`, init));
    if (response === null) throw new Error(`${path} is not ours`);
    return response;
  };
  return Object.assign(self, { delivery, get });
}

interface Show {
  readonly channel: Channel;
  readonly window: SegmentWindow;
  /** Packages the whole model. */
  fill(): void;
}

function show({ delivery, now }: Stage, slug: string, isPrivate = false, first = FIRST): Show {
  const window = makeSegmentWindow({ startedAt: now, targetDurations: 6 });
  const channel = delivery.open(slug, window, { isPrivate });
  return {
    channel,
    window,
    fill() {
      const packager = makePackager(
        { firstNumber: first, firstEpoch: first, partTarget: seconds(0.5) },
        {
          ...window,
          onSegment(rendition, segment) {
            window.onSegment(rendition, segment);
            channel.changed();
          },
        },
      );
      const { tracks, inputs } = modelEpoch(MODEL);
      packager.beginEpoch(tracks, ms(0));
      for (const { track, sample } of inputs) packager.push(track, sample);
      packager.endEpoch();
    },
  };
}

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
});
