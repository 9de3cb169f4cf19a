/** Several ingest processes on one port, with real encoders: one address for everything, whichever of them has the broadcast. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openStarted } from "../../ingest/test/server/rtmp-client.ts";
import { isRunning } from "../e2e/processes.ts";
import { type Publisher, publish, until } from "../e2e/server.ts";
import { type Running, startWorkers } from "../e2e/workers.ts";

setDefaultTimeout(180_000);

/** More would be chance at its worst: all on one of two workers once in 2,000 runs. */
const MAX_PUBLISHERS = 12;

describe("two workers", () => {
  let server: Running;
  const encoders = new Map<string, Publisher>();

  const master = (slug: string, site = server.site) => `${site}/live/${slug}/master.m3u8`;
  const isPlaying = async (slug: string, site?: string) => (await fetch(master(slug, site))).status === 200;
  const lastSegment = async (slug: string) => {
    const text = await (await fetch(`${server.site}/live/${slug}/video/index.m3u8`)).text();
    return Number([...text.matchAll(/^(\d+)\.m4s$/gm)].at(-1)?.[1] ?? 0);
  };
  const start = (slug: string) => encoders.set(slug, publish(`${server.rtmp}/${slug}`));
  /** The number of the worker that says that it has let it in. */
  const ownerOf = (slug: string): number => {
    const line = server
      .log()
      .split("\n")
      .findLast((text) => text.includes('"code":"publish.started"') && text.includes(`"slug":"${slug}"`));
    return (JSON.parse(line!) as { worker: number }).worker;
  };

  beforeAll(async () => {
    server = await startWorkers(["--open", "--workers", "2", "--latency", "balanced"]);
    for (let count = 0; count < MAX_PUBLISHERS; count++) {
      const slug = `s${count}`;
      start(slug);
      await until(`${slug} plays`, () => isPlaying(slug));
      if (count > 0 && (await server.metric("streamhub_ingest_broadcasts")).every((live) => live > 0)) break;
    }
  });
  afterAll(async () => {
    for (const encoder of encoders.values()) await encoder.stop();
    await server?.[Symbol.asyncDispose]();
  });

  test("the kernel spreads encoders over both, and each broadcast plays from the shared port and from either's own", async () => {
    const live = await server.metric("streamhub_ingest_broadcasts");
    expect(live.every((count) => count > 0)).toBe(true);
    expect(live.reduce((sum, count) => sum + count)).toBe(encoders.size);
    for (const slug of encoders.keys())
      for (const site of [server.site, ...server.sites])
        await until(`${slug} plays at ${site}`, () => isPlaying(slug, site));
    const [slug] = encoders.keys();
    const name = await until("a segment is listed", () => lastSegment(slug!));
    const [one, two] = await Promise.all(
      server.sites.map(async (site) => (await fetch(`${site}/live/${slug}/video/${name}.m4s`)).bytes()),
    );
    expect(one!.length).toBeGreaterThan(1_000);
    expect(Buffer.from(one!).equals(Buffer.from(two!))).toBe(true);
  });

  test("what the other worker has: blocking reload, ranges, HEAD, what is not there, FLV, frames over WebSocket", async () => {
    const [slug] = encoders.keys();
    const far = server.sites[1 - ownerOf(slug!)]!;
    const playlist = `${far}/live/${slug}/video/index.m3u8`;
    const next = (await until("a segment is listed", () => lastSegment(slug!))) + 2;
    const held = await fetch(`${playlist}?_HLS_msn=${next}`);
    expect([held.status, (await held.text()).includes(`${next}.m4s`)]).toEqual([200, true]);
    const segment = `${far}/live/${slug}/video/${next}.m4s`;
    const whole = await until("the segment is whole", async () => {
      const answer = await fetch(segment);
      return answer.headers.has("content-length") ? answer.bytes() : null;
    });
    const part = await fetch(segment, { headers: { range: "bytes=10-19" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 10-19/${whole.length}`]);
    expect(await part.bytes()).toEqual(whole.subarray(10, 20));
    const head = await fetch(segment, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(whole.length)]);
    expect((await fetch(`${far}/live/${slug}/video/1.m4s`)).status).toBe(404);
    expect((await fetch(`${far}/live/nobody/master.m3u8`)).status).toBe(404);
    expect((await fetch(`${far}/live/${slug}/ws`)).status).toBe(426);

    const flv = await fetch(`${far}/live/${slug}.flv`);
    const reader = flv.body!.getReader();
    let bytes = 0;
    while (bytes < 100_000) bytes += (await reader.read()).value!.length;
    await reader.cancel();
    const socket = new WebSocket(`${far.replace("http", "ws")}/live/${slug}/ws`);
    socket.binaryType = "arraybuffer";
    let messages = 0;
    socket.onmessage = () => messages++;
    await until("frames come", async () => messages > 30);
    socket.close();
  });

  test("RTMP players find it on either; a second encoder of its name is refused on either", async () => {
    const [slug] = encoders.keys();
    const handedOver = async () =>
      (await server.metric("streamhub_ingest_connections_handed_over_total")).reduce((sum, count) => sum + count);
    const before = await handedOver();
    await until("a player was handed over", async () => {
      using player = await openStarted(server.rtmpPort, { mode: "play", name: slug! });
      await until("it plays", async () => player.media().length > 20);
      return (await handedOver()) > before;
    });
    const played = await handedOver();
    await until("an encoder was handed over", async () => {
      using second = await openStarted(server.rtmpPort, { mode: "publish", name: slug! });
      expect(second.session.state).not.toBe("started");
      return (await handedOver()) > played;
    });
    expect(await isPlaying(slug!)).toBe(true);
  });

  test("kill -9 of one: its broadcasts are over, their encoders come back, viewers of the other see nothing of it", async () => {
    const owners = new Map<string, number>();
    for (const slug of encoders.keys()) owners.set(slug, ownerOf(slug));
    const lost = [...owners].filter(([, owner]) => owner === 0).map(([slug]) => slug);
    const kept = [...owners].filter(([, owner]) => owner === 1).map(([slug]) => slug);
    const [victim] = server.workers();
    const before = await lastSegment(kept[0]!);
    let failed = 0;
    let isWatching = true;
    const viewer = (async () => {
      while (isWatching) {
        const answer = await fetch(`${server.sites[1]}/live/${kept[0]}/video/index.m3u8`);
        if (answer.status !== 200) failed++;
        await Bun.sleep(100);
      }
    })();
    process.kill(victim!, "SIGKILL");
    for (const slug of lost) {
      await encoders.get(slug)!.exited;
      await until(`${slug} is over`, async () => (await fetch(master(slug, server.sites[1]))).status === 404);
      await until(`${slug} is let in again`, async () => {
        start(slug);
        const left = encoders.get(slug)!.exited.then(() => false as const);
        return Promise.race([left, until(`${slug} plays`, () => isPlaying(slug, server.sites[1]))]);
      });
    }
    await until("the viewer's broadcast goes on", async () => (await lastSegment(kept[0]!)) > before + 2);
    isWatching = false;
    await viewer;
    expect(failed).toBe(0);
    expect(server.log()).toContain('"code":"worker.crashed"');
  });

  test("the crashed one runs again, on the port that it had, and says how often that was so", async () => {
    const restarts = await until("it answers", async () => {
      const counts = await server.metric("streamhub_ingest_worker_restarts_total");
      return counts.every(Number.isFinite) && counts;
    });
    expect(restarts).toEqual([1, 0]);
    expect(server.workers().length).toBe(2);
  });

  test("SIGTERM ends all of them, within the time of an orderly stop", async () => {
    const all = server.everybody();
    expect(all.length).toBeGreaterThan(2);
    expect(await server.stop()).toBe(0);
    expect(all.filter(isRunning)).toEqual([]);
  });
});

test("a parent that is killed leaves nobody behind", async () => {
  await using server = await startWorkers(["--open", "--workers", "2"]);
  const encoder = publish(`${server.rtmp}/last`);
  await until("it plays", async () => (await fetch(`${server.site}/live/last/master.m3u8`)).status === 200);
  const all = server.everybody();
  expect(all.length).toBeGreaterThanOrEqual(4);
  await server.killHard();
  await until("all are gone", async () => !all.some(isRunning));
  await encoder.exited;
});

test("a port that somebody else has is told of, though workers share theirs", async () => {
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  await expect(startWorkers(["--open", "--workers", "2"], { RTMP_PORT: String(other.port) })).rejects.toThrow(
    "port.in-use",
  );
});
