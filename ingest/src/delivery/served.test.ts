/** Delivery behind a real server on real sockets: many who wait, and those who do not read. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { ms } from "../bytes/units.ts";
import { LiveBroadcast } from "../live/broadcast.ts";
import type { SegmentWindow } from "../packager/window.ts";
import { growingBody } from "./growing.ts";
import { FIRST, LONG, lowLatency, type Stage, show, stage } from "./testing/stage.ts";
import { makeWaits } from "./waits.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

async function until(what: string, isSo: () => boolean, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await Bun.sleep(2);
  }
}

function serve(at: Stage): number {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    fetch: (request) => at.delivery.handle(request, "192.0.2.1") ?? new Response(null, { status: 404 }),
    error: () => new Response(null, { status: 500 }),
  });
  cleanUps.push(() => server.stop(true));
  return server.port!;
}

/** A reader of one answer over a connection of its own: Bun's own client asks for no more than 256 things at once. */
function ask(port: number, path: string) {
  const socket: Socket = connect(port, "127.0.0.1");
  const pieces: Buffer[] = [];
  const self = { socket, received: 0, isClosed: false, text: () => Buffer.concat(pieces).toString("latin1") };
  socket.on("data", (bytes: Buffer) => {
    pieces.push(bytes);
    self.received += bytes.length;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    self.isClosed = true;
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  cleanUps.push(() => socket.destroy());
  return self;
}

const video = ({ window }: ReturnType<typeof lowLatency>) =>
  window.view?.renditions.find(({ name }) => name === "video");

describe("many who wait", () => {
  test("2,000 held reloads of one playlist cost one render, and hold nobody else up", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live)!.growing!;
    const port = serve(at);
    const path = `/live/low/video/index.m3u8?_HLS_msn=${number}&_HLS_part=1`;
    const waiting = Array.from({ length: 2_000 }, () => ask(port, path));
    await until("all are held", () => at.delivery.stats.held === 2_000);
    const url = `http://127.0.0.1:${port}/live/low`;
    // Meanwhile others are answered, and what they ask for is rendered for them.
    const others = await Promise.all(
      ["master.m3u8", "audio/index.m3u8", `video/${FIRST}.m4s`].map(
        async (name) => (await fetch(`${url}/${name}`)).status,
      ),
    );
    expect(others).toEqual([200, 200, 200]);
    const before = at.delivery.stats.renders;
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 2);
    await until("all are answered", () => waiting.every(({ isClosed }) => isClosed));
    expect(at.delivery.stats.renders - before).toBe(1);
    expect(at.delivery.stats.held).toBe(0);
    const texts = new Set(waiting.map((each) => each.text().replace(/^Date: .*\r\n/im, "")));
    expect(texts.size).toBe(1);
    const [text = ""] = texts;
    expect(text).toStartWith("HTTP/1.1 200");
    expect(text).toContain("#EXT-X-PART:");
    expect(at.delivery.stats.answers.get("playlist 200")).toBe(2_001);
  });

  test("who goes away while it waits leaves nothing behind", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live)!.growing!;
    const port = serve(at);
    const waiting = Array.from({ length: 50 }, () =>
      ask(port, `/live/low/video/index.m3u8?_HLS_msn=${number}&_HLS_part=1`),
    );
    await until("all are held", () => at.delivery.stats.held === 50);
    for (const { socket } of waiting) socket.destroy();
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 2);
    expect(at.delivery.stats.held).toBe(0);
    expect((await fetch(`http://127.0.0.1:${port}/live/low/video/index.m3u8`)).status).toBe(200);
  });
});

test("HEAD tells the length of what GET gives, over the wire too", async () => {
  const at = stage();
  show(at, "one").fill();
  const url = `http://127.0.0.1:${serve(at)}/live/one`;
  for (const name of [
    "master.m3u8",
    "manifest.mpd",
    "video/index.m3u8",
    `video/${FIRST}.m4s`,
    `video/init-${FIRST}.mp4`,
  ]) {
    const length = (await (await fetch(`${url}/${name}`)).bytes()).length;
    const head = await fetch(`${url}/${name}`, { method: "HEAD" });
    expect([name, head.headers.get("content-length"), await head.text()]).toEqual([name, String(length), ""]);
  }
});

describe("a growing segment", () => {
  test("that is not finished ends as a broken answer: no cache may take it for whole", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live)!.growing!;
    const port = serve(at);
    const reader = ask(port, `/live/low/video/${number}.m4s`);
    await until("the first part is there", () => reader.text().includes("moof"));
    at.delivery.stop();
    await until("it is over", () => reader.isClosed);
    expect(reader.text().toLowerCase()).toContain("transfer-encoding: chunked");
    // RFC 9112 §7.1: whole with its last chunk only.
    expect(reader.text()).not.toEndWith("\r\n0\r\n\r\n");
  });

  test("that is whole ends with the last chunk", async () => {
    const at = stage();
    const live = lowLatency(at, "low", LONG);
    live.until(() => (video(live)?.growing?.parts.length ?? 0) === 1);
    const { number } = video(live)!.growing!;
    const port = serve(at);
    const reader = ask(port, `/live/low/video/${number}.m4s`);
    await until("the first part is there", () => reader.text().includes("moof"));
    live.until(() => live.window.segment("video", number) !== null);
    await until("it is over", () => reader.isClosed);
    expect(reader.text()).toEndWith("\r\n0\r\n\r\n");
  });
});

describe("who does not read", () => {
  test("a segment is held once for all of them", async () => {
    const at = stage();
    const { window, fill } = show(at, "one");
    fill();
    const real = window.segment("video", FIRST)!;
    const size = 4 * 1024 * 1024;
    const bytes = new Uint8Array(size).fill(7);
    window.segment = () => ({ ...real, bytes });
    const port = serve(at);
    const path = `/live/one/video/${FIRST}.m4s`;
    const whole = await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer();
    expect(whole.byteLength).toBe(size);
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    const readers = Array.from({ length: 100 }, () => ask(port, path));
    for (const { socket } of readers) socket.once("data", () => socket.pause());
    await until("all have begun", () => readers.every(({ received }) => received > 0));
    // A copy for each would be 400 MB; what the readers themselves have taken is not much.
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    // And it is the same segment, whole or in part.
    const part = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { range: `bytes=${size - 3}-` } });
    expect([part.status, part.headers.get("content-range"), (await part.arrayBuffer()).byteLength]).toEqual([
      206,
      `bytes ${size - 3}-${size - 1}/${size}`,
      3,
    ]);
  });

  const frame = (isKey: boolean) => {
    const payload = new Uint8Array(100_000);
    payload.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
    return payload;
  };

  test("a growing segment waits for it: what it has not taken is not prepared", async () => {
    const size = 256 * 1024;
    const part = new Uint8Array(size);
    let [taken, made] = [0, 0];
    // A segment that has one part more each time it is looked at.
    const parts = {
      get length() {
        return ++made;
      },
      slice() {
        taken++;
        return [{ bytes: part }];
      },
    };
    const view = { renditions: [{ name: "video", growing: { number: 1, parts } }] };
    const window = { view, segment: () => null } as unknown as SegmentWindow;
    const waits = makeWaits(() => true);
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response(growingBody(window, waits, "video", 1, 30_000)),
    });
    cleanUps.push(() => server.stop(true));
    const reader = ask(server.port!, "/");
    await until("it has begun", () => reader.received > 0);
    reader.socket.pause();
    let before = -1;
    await until("nothing more is taken", () => {
      const isSame = taken === before;
      before = taken;
      return isSame && taken > 4;
    });
    // What the sockets' buffers hold, and no more.
    expect(taken * size).toBeLessThan(32_000_000);
    reader.socket.resume();
    const [stalled, received] = [taken, reader.received];
    await until("it goes on when it is read", () => taken > stalled && reader.received > received);
  });

  test("an FLV stream is cut off at its bound, and the others go on", async () => {
    const publisher = { address: "192.0.2.9", lastSeen: ms(0), refuse() {} };
    const broadcast = new LiveBroadcast({
      slug: "flv",
      streamId: null,
      visibility: "public",
      latency: "standard",
      startedAt: ms(0),
      publisher,
    });
    const at = stage({ find: (slug) => (slug === "flv" ? broadcast : undefined) });
    const port = serve(at);
    broadcast.push("video", 0, frame(true));
    const stalled = ask(port, "/live/flv.flv");
    await until("it has begun", () => stalled.received > 50_000);
    stalled.socket.pause();
    const quick = ask(port, "/live/flv.flv");
    await until("both are there", () => broadcast.stats.sinks === 2);
    const before = process.memoryUsage().rss;
    let sent = 0;
    // Much more than the bound and the sockets' buffers hold, at the pace of the one who reads.
    for (; sent < 600 && broadcast.stats.sinks === 2; sent++) {
      broadcast.push("video", sent * 40, frame(sent % 30 === 0));
      await until("the other one keeps up", () => quick.received > sent * 100_000 - 2_000_000);
    }
    expect(broadcast.stats.sinks).toBe(1);
    expect(sent * 100_000).toBeGreaterThan(8_000_000);
    expect(quick.isClosed).toBeFalse();
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    quick.socket.destroy();
    await until("it is noticed", () => broadcast.stats.sinks === 0);
  });
});
