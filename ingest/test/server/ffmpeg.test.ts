/** The real ffmpeg as publisher and player: what comes out is what went in, packet by packet. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { admitted, openServer, type TestServer, until } from "./open-server.ts";

setDefaultTimeout(90_000);

let folder = "";
let source = "";

async function ffmpeg(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn(["ffmpeg", "-hide_banner", "-nostdin", "-v", "error", ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** Stream, dts, pts, size and hash of every packet. */
async function packetsOf(input: string): Promise<string[]> {
  const { code, stdout, stderr } = await ffmpeg(
    "-copyts",
    "-i",
    input,
    "-c",
    "copy",
    "-f",
    "framehash",
    "-hash",
    "md5",
    "-",
  );
  if (code !== 0) throw new Error(stderr);
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/\s+/g, ""));
}

const publish = (url: string, ...extra: string[]) =>
  ffmpeg(...extra, "-copyts", "-i", source, "-c", "copy", "-f", "flv", url);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamhub-rtmp-"));
  source = join(folder, "source.flv");
  const { code, stderr } = await ffmpeg(
    ..."-f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 4".split(" "),
    ..."-c:v libx264 -preset ultrafast -bf 2 -g 30 -pix_fmt yuv420p -c:a aac -f flv".split(" "),
    source,
  );
  if (code !== 0) throw new Error(`ffmpeg can not make the source: ${stderr}`);
  return () => rm(folder, { recursive: true, force: true });
});

/** Records what RTMP players get: a player that is there before the first frame. */
async function playWhilePublished(server: TestServer, url: string, target: string): Promise<string[]> {
  const played = join(folder, `played-${crypto.randomUUID()}.flv`);
  const publisher = publish(url, "-re");
  await until("live", () => server.registry.size === 1);
  const player = ffmpeg("-copyts", "-i", target, "-c", "copy", "-f", "flv", played);
  expect((await publisher).code).toBe(0);
  const { code, stderr } = await player;
  if (code !== 0) throw new Error(stderr);
  return packetsOf(played);
}

describe("ffmpeg publishes, ffmpeg plays", () => {
  test("packets and timestamps survive bit by bit; the first frame played is a keyframe", async () => {
    await using server = openServer({ verdict: () => admitted("demo", 1) });
    const sent = await packetsOf(source);
    const got = await playWhilePublished(
      server,
      `rtmp://127.0.0.1:${server.port}/live/KEY`,
      `rtmp://127.0.0.1:${server.port}/live/demo`,
    );
    expect(got.length).toBeGreaterThan(sent.length / 3);
    // A player that came late misses a beginning and nothing else.
    expect(sent.slice(-got.length).sort()).toEqual([...got].sort());
    await until("the broadcast has ended", () => server.ended.length === 1);
    expect(server.asked[0]).toMatchObject({ key: "KEY", address: "127.0.0.1" });
    expect(server.closed("internal.error")).toBe(0);
  });

  test("every packet of an unpaced publisher arrives", async () => {
    await using server = openServer({ verdict: () => admitted("demo", 1) });
    let tags = 0;
    let bytes = 0;
    server.registry.listen({
      onStart: (broadcast) =>
        void broadcast.subscribe({
          onTag: (tag) => {
            tags += tag.isConfig || tag.isControl ? 0 : 1;
            bytes += tag.payload.length;
          },
          onEnd() {},
        }),
      onEnd() {},
    });
    expect((await publish(`rtmp://127.0.0.1:${server.port}/live/KEY`)).code).toBe(0);
    await until("ended", () => server.ended.length === 1);
    expect(tags).toBe((await packetsOf(source)).length);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test("a refused key: ffmpeg is told and does not hang", async () => {
    await using server = openServer({
      verdict: () => ({ kind: "refused", code: "publish.unknown-key", reason: "No such key." }),
    });
    const { code, stderr } = await publish(`rtmp://127.0.0.1:${server.port}/live/KEY`);
    expect(code).not.toBe(0);
    expect(stderr).toContain("No such key.");
    expect(server.allClosed()).toEqual({ "refused.unknown-key": 1 });
  });

  test("killed with SIGKILL: the broadcast ends", async () => {
    await using server = openServer({ verdict: () => admitted("demo", 1) });
    const child = Bun.spawn(
      [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        source,
        "-c",
        "copy",
        "-f",
        "flv",
        `rtmp://127.0.0.1:${server.port}/live/K`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    await until("media flows", () => (server.registry.find("demo")?.stats.tags ?? 0) > 10);
    child.kill("SIGKILL");
    await until("ended", () => server.ended.length === 1);
    expect(server.registry.size).toBe(0);
  });

  test("RTMPS: published and played over TLS", async () => {
    const key = join(folder, "key.pem");
    const cert = join(folder, "cert.pem");
    const made = Bun.spawnSync(
      `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`.split(
        " ",
      ),
      { stderr: "pipe" },
    );
    if (made.exitCode !== 0) throw new Error(made.stderr.toString());
    await using server = openServer({
      verdict: () => admitted("demo", 1),
      tls: { port: 0, cert: await Bun.file(cert).text(), key: await Bun.file(key).text() },
    });
    const sent = await packetsOf(source);
    const base = `rtmps://127.0.0.1:${server.rtmp.tlsPort}/live`;
    const got = await playWhilePublished(server, `${base}/KEY`, `${base}/demo`);
    expect(got.length).toBeGreaterThan(sent.length / 3);
    expect(sent.slice(-got.length).sort()).toEqual([...got].sort());
    expect(server.closed("internal.error")).toBe(0);
  });
});
