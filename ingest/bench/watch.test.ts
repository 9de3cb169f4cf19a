/** `bench play`, `bench hls` and `bench compare` as their users run them, against real servers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServer } from "../test/server/open-server.ts";
import { nginx, nginxHls } from "./servers/nginx.ts";
import { oursPackaging } from "./servers/ours.ts";
import type { RunningServer } from "./servers/server.ts";
import { garbageServer, runBench, SMALL, silentServer } from "./testing/bad-servers.ts";

let folder: string;
let ours: RunningServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-watch-test-"));
  ours = await oursPackaging.start();
}, 60_000);
afterAll(async () => {
  await ours.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SHORT = ["--duration", "2s", "--ramp", "0s", "--settle", "1s", ...SMALL];
const json = (name: string) => join(folder, `${name}.json`);
const rtmpOf = ({ target }: RunningServer, name: string) => `rtmp://127.0.0.1:${target.port}/${target.app}/${name}`;
const originOf = (server: RunningServer) => new URL(server.playbackUrl!("x")).origin;
const outcomeOf = async (name: string) => (await Bun.file(json(name)).json()).outcome;

describe("play", () => {
  test("RTMP, by the clock that comes through the server", async () => {
    const url = rtmpOf(ours, "play");
    const { code, errors } = await runBench(
      "play",
      "--url",
      url,
      "--publish",
      url,
      "--players",
      "3",
      "--json",
      json("rtmp"),
      ...SHORT,
    );
    expect([code, errors]).toEqual([0, expect.anything()]);
    const { values, distributions } = await outcomeOf("rtmp");
    expect(values).toMatchObject({ joined: 3, failed: 0, disconnects: 0, backwards: 0, undecodable: 0 });
    for (const figure of ["join_ms", "keyframe_ms", "play_ms"]) expect(distributions[figure].count).toBe(3);
    for (const figure of ["delay_ms", "message_delay_ms", "jitter_ms"])
      expect(distributions[figure].count).toBeGreaterThan(0);
    expect(distributions.delay_ms.p50).toBeLessThan(5_000);
  });

  test("HTTP-FLV", async () => {
    const flags = ["--publish", rtmpOf(ours, "flv"), "--players", "2", "--json", json("flv"), ...SHORT];
    expect((await runBench("play", "--url", `${originOf(ours)}/live/flv.flv`, ...flags)).code).toBe(0);
    const { values, distributions } = await outcomeOf("flv");
    expect(values).toMatchObject({ joined: 2, failed: 0 });
    expect(distributions.delay_ms.count).toBeGreaterThan(0);
  });

  test("through nginx-rtmp, which hands on no data messages", async () => {
    const server = await nginx.start();
    try {
      const url = rtmpOf(server, "play");
      expect((await runBench("play", "--url", url, "--publish", url, "--json", json("nginx"), ...SHORT)).code).toBe(0);
      expect((await outcomeOf("nginx")).distributions.delay_ms.count).toBeGreaterThan(0);
    } finally {
      await server.stop();
    }
  });

  test("nobody is live, nobody answers, or nonsense does", async () => {
    const timeout = ["--timeout", "1s", ...SHORT];
    const none = await runBench("play", "--url", rtmpOf(ours, "nobody"), ...timeout);
    expect([none.code, none.errors]).toEqual([1, expect.stringContaining("NetStream.Play.StreamNotFound")]);
    using silent = silentServer();
    const mute = await runBench("play", "--url", `http://127.0.0.1:${silent.port}/x.flv`, ...timeout);
    expect([mute.code, mute.errors]).toEqual([1, expect.stringContaining("no media came within 1 s")]);
    using garbage = garbageServer();
    const odd = await runBench("play", "--url", `rtmp://127.0.0.1:${garbage.port}/live/x`, ...timeout);
    expect([odd.code, odd.errors]).toEqual([1, expect.stringContaining("what is not RTMP")]);
  });
});

describe("hls", () => {
  for (const [name, path] of [
    ["hls", "master.m3u8"],
    ["dash", "manifest.mpd"],
  ] as const) {
    test(`ours: ${name} keeps the rules, and is judged`, async () => {
      const flags = [
        "--publish",
        rtmpOf(ours, name),
        "--players",
        "2",
        "--settle",
        "7s",
        "--json",
        json(name),
        ...SMALL,
      ];
      const url = `${originOf(ours)}/live/${name}/${path}`;
      const { code, errors } = await runBench(
        "hls",
        "--url",
        url,
        ...flags,
        "--duration",
        "4s",
        "--fail-if",
        "conformance_errors>0",
      );
      expect([code, errors]).toEqual([0, expect.anything()]);
      const { values, distributions } = await outcomeOf(name);
      expect(values).toMatchObject({ joined: 2, failed: 0, missing_media: 0, conformance_errors: 0, status_5xx: 0 });
      expect(distributions.latency_ms.count).toBeGreaterThan(0);
      expect(distributions.arrival_ms.count).toBeGreaterThan(0);
    });
  }

  test("nginx-rtmp: MPEG-TS segments, whose clock is found too", async () => {
    const server = await nginxHls.start();
    try {
      const flags = [
        "--publish",
        rtmpOf(server, "x"),
        "--settle",
        "7s",
        "--duration",
        "4s",
        "--json",
        json("ts"),
        ...SMALL,
      ];
      const { code } = await runBench("hls", "--url", server.playbackUrl!("x"), "--timeout", "30s", ...flags);
      expect(code).toBe(0);
      expect((await outcomeOf("ts")).distributions.latency_ms.count).toBeGreaterThan(0);
    } finally {
      await server.stop();
    }
  });

  test("not there, not HLS, and segments that lead to other machines", async () => {
    const flags = ["--timeout", "2s", "--duration", "1s", "--ramp", "0s"];
    const missing = await runBench("hls", "--url", `${originOf(ours)}/live/none/master.m3u8`, ...flags);
    expect([missing.code, missing.errors]).toEqual([1, expect.stringContaining("is answered 404")]);
    const playlist = [
      "#EXTM3U",
      "#EXT-X-TARGETDURATION:2",
      "#EXTINF:2,",
      "http://192.0.2.1/0.ts",
      "#EXT-X-ENDLIST",
    ].join("\n");
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ url }) => new Response(url.endsWith("away.m3u8") ? playlist : "<html>"),
    }) as unknown as Bun.Server<undefined> & AsyncDisposable;
    const odd = await runBench("hls", "--url", `http://127.0.0.1:${server.port}/odd.m3u8`, ...flags);
    expect([odd.code, odd.errors]).toEqual([1, expect.stringContaining("what is no HLS playlist")]);
    const away = await runBench(
      "hls",
      "--url",
      `http://127.0.0.1:${server.port}/away.m3u8`,
      "--json",
      json("away"),
      ...flags,
    );
    expect([away.code, away.errors]).toEqual([1, expect.stringContaining("it leads to another machine, 192.0.2.1")]);
    expect((await outcomeOf("away")).values.missing_media).toBe(1);
  });
});

describe("compare", () => {
  const SCENARIO = `
[[scenario]]
name = "paced"
bench = "publish"
publishers = 2
ramp = "0s"
duration = "1s"
size = "160x90"
bitrate = "100k"
fps = 15
gop = "1s"
figures = ["server_cpu_s_per_stream_minute", "p50.publish_ms"]
`;
  const run = async (text: string, ...more: readonly string[]) => {
    const file = join(folder, "bench.toml");
    await Bun.write(file, text);
    return runBench("compare", "--file", file, ...more);
  };

  test("ours, nginx-rtmp and one that runs already: one table, one page", async () => {
    await using mine = openServer();
    const servers = `[[server]]\nuse = "streamhub"\n[[server]]\nuse = "nginx-rtmp"\n[[server]]\nname = "mine"\npublish = "rtmp://127.0.0.1:${mine.port}/live/a-{n}"\n`;
    const html = join(folder, "compare.html");
    const { code, out } = await run(`rounds = 1\n${servers}${SCENARIO}`, "--json", json("compare"), "--html", html);
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(
      lines
        .find((line) => line.includes("nginx-rtmp"))
        ?.trim()
        .split(/ +/),
    ).toEqual(["streamhub", "nginx-rtmp", "mine"]);
    expect(lines.find((line) => line.startsWith("paced: p50.publish_ms"))).toMatch(/(\d[\d.]* +){2}\d[\d.]*$/);
    const { results, servers: names } = await Bun.file(json("compare")).json();
    expect(names).toEqual(["streamhub", "nginx-rtmp", "mine"]);
    expect(results).toHaveLength(2);
    expect(await Bun.file(html).text()).toContain("p50.publish_ms");
  });

  test("mistakes in the file are said before anything starts", async () => {
    const ours = `[[server]]\nuse = "streamhub"\n`;
    const cases: readonly (readonly [string, string])[] = [
      ["rounds = [", "The file is not TOML"],
      [SCENARIO, "at least one [[server]]"],
      [ours, "at least one [[scenario]]"],
      [`[[server]]\nuse = "apache"\n${SCENARIO}`, 'there is no ready server "apache"'],
      [`[[server]]\nname = "x"\n${SCENARIO}`, "needs a name, and publish"],
      [`${ours}${SCENARIO.replace("publishers = 2", "publisher = 2")}`, "publish has no flag publisher"],
      [`${ours}${SCENARIO.replace("fps = 15", 'fps = "15"')}`, "fps must be a number"],
      [`${ours}${SCENARIO.replace("p50.publish_ms", "publish_ms")}`, "publish_ms is a distribution"],
      [`${ours}${SCENARIO.replace('"1s"\nsize', '"soon"\nsize')}`, "--duration takes a time"],
    ];
    for (const [text, sentence] of cases) {
      const { code, errors } = await run(text);
      expect([code, errors]).toEqual([2, expect.stringContaining(sentence)]);
    }
  });
});
