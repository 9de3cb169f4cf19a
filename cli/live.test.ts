/** Broadcasts from an encoder's connect to the database's last word, on a real server; and what is left when parts are killed. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import { descendants, isRunning, mediaChildren } from "./e2e/processes.ts";
import {
  makeDataDir,
  type Publisher,
  probe,
  publish,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
  until,
} from "./e2e/server.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

async function server(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const dataDir = options?.dataDir ?? makeDataDir();
  const started = await startServer({ ...options, dataDir });
  cleanUps.push(async () => {
    await started.stop();
    removeDataDir(dataDir);
  });
  return started;
}

function encoder(target: TestServer): Publisher {
  const publisher = publish(`${target.rtmp}/${target.streamKey}`);
  cleanUps.push(() => publisher.stop());
  return publisher;
}

interface Stream {
  readonly id: number;
  readonly isLive: boolean;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly duration: number;
}

async function streams(target: TestServer, query = ""): Promise<Stream[]> {
  const response = await fetch(`${target.site}/api/streams${query}`);
  return ((await response.json()) as { items: Stream[] }).items;
}

const isLive = (target: TestServer) =>
  until("the channel is live", async () => (await streams(target, "?live=true"))[0]);
const isOver = (target: TestServer, id: number) =>
  until("the stream is over", async () => (await streams(target)).find((stream) => stream.id === id && !stream.isLive));
const master = (target: TestServer) => `${target.site}/live/${target.slug}/master.m3u8`;

async function mediaPlaylist(target: TestServer): Promise<string> {
  const text = await (await fetch(master(target))).text();
  const uri = text.split("\n").find((line) => line !== "" && !line.startsWith("#"))!;
  return await (await fetch(new URL(uri, master(target)))).text();
}

describe("going live", () => {
  test("an encoder publishes, HLS and DASH show both tracks, the database says when it began and ended", async () => {
    const target = await server();
    const publisher = encoder(target);
    const live = await isLive(target);
    expect(live.startedAt).not.toBeNull();
    const tracks = [
      { type: "audio", codec: "aac" },
      { type: "video", codec: "h264" },
    ];
    const sorted = async (url: string) => (await probe(url)).sort((a, b) => a.type.localeCompare(b.type));
    expect(await sorted(master(target))).toEqual(tracks);
    expect(await sorted(`${target.site}/live/${target.slug}/manifest.mpd`)).toEqual(tracks);
    expect(await sorted(`rtmp://127.0.0.1:${target.rtmpPort}/live/${target.slug}`)).toEqual(tracks);

    // The key opens nothing for a viewer, and shows nowhere.
    expect((await fetch(`${target.site}/live/${target.streamKey}/master.m3u8`)).status).toBe(404);
    expect(await (await fetch(`${target.site}/api/channels`)).text()).not.toContain(target.streamKey);

    // A second encoder with the same key goes on with the broadcast, and the first is told to end.
    const second = encoder(target);
    expect(await publisher.exited).not.toBe(0);
    expect((await streams(target, "?live=true")).map((stream) => stream.id)).toEqual([live.id]);

    second.kill("SIGTERM");
    const over = await isOver(target, live.id);
    expect(over.endedAt).not.toBeNull();
    expect(
      Math.abs(over.duration - (Date.parse(over.endedAt!) - Date.parse(over.startedAt!)) / 1000),
    ).toBeLessThanOrEqual(1);
    expect(await streams(target, "?live=true")).toEqual([]);
    await until("the playlist ends", async () => (await mediaPlaylist(target)).includes("#EXT-X-ENDLIST"));

    const metrics = await (await fetch(`${target.site}/metrics`)).text();
    expect(metrics).toMatch(/streamhub_ingest_connections_closed_total\{reason="publish.replaced"\} 1/);
    expect(target.log() + metrics).not.toContain(target.streamKey);
  });

  test("an encoder that is killed and comes back goes on with its stream: numbers go on, behind a discontinuity", async () => {
    const target = await server();
    const publisher = encoder(target);
    const first = await isLive(target);
    await until("the playlist is there", async () => (await mediaPlaylist(target)).includes("#EXTINF"));
    const before = await mediaPlaylist(target);
    publisher.kill("SIGKILL");
    await publisher.exited;
    const again = encoder(target);
    await until("it goes on", async () => /#EXT-X-DISCONTINUITY\n[\s\S]*#EXTINF/.test(await mediaPlaylist(target)));
    const after = await mediaPlaylist(target);
    expect(after).not.toContain("#EXT-X-ENDLIST");
    const sequence = (text: string) => Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)![1]);
    expect(sequence(after)).toBeGreaterThanOrEqual(sequence(before));
    expect((await streams(target, "")).map((stream) => stream.id)).toEqual([first.id]);
    again.kill("SIGTERM");
    await isOver(target, first.id);
  });

  test("one that stays away longer than its grace time is over as of when it left", async () => {
    const target = await server({ env: { RTMP_LIMITS: "graceTime=4000" } });
    const publisher = encoder(target);
    const first = await isLive(target);
    const left = Date.now();
    publisher.kill("SIGKILL");
    const over = await isOver(target, first.id);
    expect(Math.abs(Date.parse(over.endedAt!) - left)).toBeLessThan(3_000);
    encoder(target);
    const second = await isLive(target);
    expect(second.id).toBeGreaterThan(first.id);
  });
});

describe("kills", () => {
  test("ffmpeg is killed: it is started again, the playlist goes on behind a discontinuity", async () => {
    const target = await server();
    encoder(target);
    await isLive(target);
    await probe(master(target));
    const child = mediaChildren(target.pid)[0]!;
    process.kill(child.pid, "SIGKILL");
    const playlist = await until("a discontinuity", async () => {
      const text = await mediaPlaylist(target);
      return text.includes("#EXT-X-DISCONTINUITY\n") && text;
    });
    expect(playlist).not.toContain("#EXT-X-ENDLIST");
    expect((await streams(target, "?live=true")).length).toBe(1);
    expect((await probe(master(target))).length).toBe(2);
  });

  test("the whole server is killed: after a restart nothing is live that is not, and the encoder that reconnects is", async () => {
    const dataDir = makeDataDir();
    const before = await server({ dataDir });
    const publisher = encoder(before);
    const first = await isLive(before);
    await probe(master(before));
    const children = mediaChildren(before.pid);
    expect(children.length).toBe(1);
    await before.killHard();
    await publisher.exited;
    await until("its ffmpeg is gone", async () => children.every((child) => !isRunning(child.pid)));

    const ports = { http: before.httpPort, rtmp: before.rtmpPort };
    const after = await server({ dataDir, ports });
    expect(after.streamKey).toBe(before.streamKey);
    expect(await streams(after, "?live=true")).toEqual([]);
    const ended = (await streams(after)).find((stream) => stream.id === first.id)!;
    expect(ended.isLive).toBe(false);
    expect(ended.endedAt).not.toBeNull();
    expect(Date.parse(ended.endedAt!)).toBeGreaterThanOrEqual(Date.parse(ended.startedAt!));

    encoder(after);
    const second = await isLive(after);
    expect(second.id).toBeGreaterThan(first.id);
    expect((await probe(master(after))).length).toBe(2);
  });
});

describe("starting and stopping", () => {
  test("SIGTERM in a broadcast stops every child in order, and the database closes with the right flags", async () => {
    const dataDir = makeDataDir();
    const target = await server({ dataDir, demo: true });
    const live = await isLive(target);
    await probe(`${target.site}/live/demo/master.m3u8`);
    const children = descendants(target.pid);
    expect(mediaChildren(target.pid).length).toBe(2);
    expect(await target.stop()).toBe(0);
    await until("no child is left", async () => children.every((child) => !isRunning(child.pid)));

    const again = await server({ dataDir });
    // The second start changes nothing: same key, and no new first channel.
    expect(again.streamKey).toMatch(/^[\w-]{32,}$/);
    const over = (await streams(again)).find((stream) => stream.id === live.id)!;
    expect([over.isLive, over.endedAt === null]).toEqual([false, false]);
    expect(again.log()).not.toContain('"code":"recovered"');
  });

  test("with a Redis that dies and returns it says so, goes on, comes back, and leaves no connection when it stops", async () => {
    const redis = await startScratchRedis();
    cleanUps.push(() => redis.close());
    const target = await server({ env: { REDIS_URL: redis.url } });
    const ready = async () => {
      const response = await fetch(`${target.site}/api/ready`);
      const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean }> };
      return { status: response.status, bus: checks.bus?.ok, database: checks.database?.ok };
    };
    const metric = async (name: string) => {
      const text = await (await fetch(`${target.site}/metrics`)).text();
      return text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1);
    };
    expect(await ready()).toEqual({ status: 200, bus: true, database: true });
    expect(await metric('streamhub_bus_up{kind="redis"}')).toBe("1");

    await redis.kill();
    await until("it is said which part is away", async () => (await ready()).status === 503);
    expect(await ready()).toEqual({ status: 503, bus: false, database: true });
    encoder(target);
    const live = await isLive(target);
    expect((await fetch(`${target.site}/api/streams/${live.id}`)).status).toBe(200);

    await redis.start();
    await until("it is back", async () => (await ready()).status === 200);
    expect(await metric("streamhub_bus_outages_total")).toBe("1");
    await until("the live stream is counted", async () => (await metric("streamhub_streams_live")) === "1");
    await until("parts are listed", async () => Number(await metric("streamhub_packager_delay_seconds_count")) > 0);
    const mean =
      Number(await metric("streamhub_packager_delay_seconds_sum")) /
      Number(await metric("streamhub_packager_delay_seconds_count"));
    expect(mean).toBeLessThan(10);
    expect(await target.stop()).toBe(0);
    expect(await redis.ask("CLIENT", "LIST")).not.toContain("name=streamhub");
    expect(target.log()).toContain('"code":"bus.away"');
    expect(target.log()).not.toMatch(/"code":"shutdown\.(late|failed)"|"level":"error"|"level":50/);
  });

  test("a second server with the same DATA_DIR is refused, one with another runs beside", async () => {
    const target = await server();
    const refused = await streamhub(["serve"], { env: { DATA_DIR: target.dataDir, HTTP_PORT: "0", RTMP_PORT: "0" } });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("already runs with this DATA_DIR");
    const other = await server();
    expect(other.streamKey).not.toBe(target.streamKey);
    expect((await fetch(`${target.site}/api/ready`)).status).toBe(200);
    expect((await fetch(`${other.site}/api/ready`)).status).toBe(200);
  });

  test("a port in use is said with what to change", async () => {
    const target = await server();
    const dataDir = makeDataDir();
    cleanUps.push(() => removeDataDir(dataDir));
    const refused = await streamhub(["serve"], {
      env: { DATA_DIR: dataDir, HOST: "127.0.0.1", HTTP_PORT: "0", RTMP_PORT: String(target.rtmpPort) },
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`Port ${target.rtmpPort} is in use`);
  });
});
