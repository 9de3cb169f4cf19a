import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { queries } from "@streamhub/db";
import fc from "fast-check";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { encoderFor } from "./encoders.ts";
import { ladderFor } from "./ladder.ts";

let platform: TestPlatform;
let key: string;
beforeAll(async () => {
  platform = await startPlatform({
    site: { ingest: { rtmpPort: 1936, rtmpsPort: 1937, app: "live" }, sendsMail: false },
  });
  await platform.makeChannel("north");
  key = await queries.channelKey(platform.database.db, platform.vault, "north");
}, 60_000);
afterAll(() => platform?.close());

const FPS = { numerator: 60, denominator: 1 };
const GEFORCE = { model: "NVIDIA GeForce", vendor_id: 0x10de, device_id: 1 };

/** As OBS 31 sends it. */
const asked = (more: object = {}, preferences: object = {}) => ({
  service: "IVS",
  schema_version: "2025-01-25",
  authentication: key,
  client: { name: "obs-studio", version: "31.0.2", supported_codecs: ["h264"] },
  capabilities: {
    cpu: { physical_cores: 8, logical_cores: 16, speed: 3_000, name: "A processor" },
    memory: { total: 2 ** 34, free: 2 ** 33 },
    gaming_features: null,
    system: { version: "10.0", name: "Windows", build: 22631, release: "23H2", revision: 0, bits: 64, arm: false },
    gpu: [GEFORCE],
  },
  preferences: {
    ...{ vod_track_audio: false, width: 1920, height: 1080, framerate: FPS, canvas_width: 1920, canvas_height: 1080 },
    ...preferences,
  },
  ...more,
});

interface Answer {
  readonly status: { readonly result: string; readonly html_en_us?: string };
  readonly meta: { readonly config_id: string };
  readonly encoder_configurations: readonly {
    readonly type: string;
    readonly width: number;
    readonly height: number;
    readonly settings: { readonly bitrate: number; readonly keyint_sec: number; readonly bf?: number };
  }[];
}

async function ask(body: object): Promise<Answer> {
  const response = await platform.request("POST", "/api/obs/client-configuration", body);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}
const sizes = ({ encoder_configurations: rungs }: Answer) => rungs.map(({ width, height }) => `${width}x${height}`);

describe("GetClientConfiguration", () => {
  test("a gaming machine sends four pictures, cut at the same moments, to both of our doors", async () => {
    const answer = await ask(asked());
    expect(answer).toMatchObject({
      meta: { service: "StreamHub", schema_version: "2025-01-25", config_id: expect.stringMatching(/^[\w-]{20,}$/) },
      status: { result: "success" },
      ingest_endpoints: [
        { protocol: "RTMP", url_template: "rtmp://localhost:1936/live/{stream_key}" },
        { protocol: "RTMPS", url_template: "rtmps://localhost:1937/live/{stream_key}" },
      ],
      audio_configurations: { live: [{ codec: "aac", channels: 2, settings: { bitrate: 160 } }], vod: [] },
    });
    expect(sizes(answer)).toEqual(["1920x1080", "1280x720", "854x480", "640x360"]);
    for (const rung of answer.encoder_configurations)
      expect(rung).toMatchObject({
        ...{ type: "obs_nvenc_h264_tex", framerate: FPS },
        settings: { rate_control: "CBR", keyint_sec: 2, bf: 2 },
      });
    expect(JSON.stringify(answer)).not.toContain(key);
  });

  test("the canvases of newer releases, more tracks than it bears, and a narrow line", async () => {
    const canvases = [{ width: 1280, height: 720, canvas_width: 2560, canvas_height: 1440, framerate: FPS }];
    const limits = { maximum_aggregate_bitrate: 3_000, maximum_video_tracks: 2 };
    const { width: _, height: __, framerate: ___, ...rest } = asked().preferences;
    const answer = await ask(asked({ preferences: { ...rest, canvases, ...limits } }));
    expect(sizes(answer)).toEqual(["1280x720", "640x360"]);
    const bitrates = answer.encoder_configurations.map(({ settings }) => settings.bitrate);
    expect(bitrates.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(3_000);
  });

  test("no more than was said of it, as people's own programs ask", async () => {
    const answer = await ask({
      schema_version: "2025-01-25",
      authentication: `${key}?bandwidthtest=true`,
      preferences: { width: 1280, height: 720, framerate: { numerator: 30_000, denominator: 1_001 } },
    });
    expect(answer.encoder_configurations).toMatchObject([{ type: "obs_x264", width: 1280 }]);
  });

  test("the channel's settings: least delay, and a remuxer that reads one picture", async () => {
    await platform.database.sql`update channels set latency = 'ultra' where slug = 'north'`;
    for (const { settings } of (await ask(asked())).encoder_configurations)
      expect(settings).toMatchObject({ keyint_sec: 1, bf: 0 });
    await platform.database.sql`update channels set latency = 'standard', remuxer = 'ffmpeg' where slug = 'north'`;
    const one = await ask(asked());
    expect(one.status.result).toBe("warning");
    expect(sizes(one)).toEqual(["1920x1080"]);
    await platform.database.sql`update channels set remuxer = 'auto' where slug = 'north'`;
  });

  test("what is wrong is said as OBS shows it; what is no question of OBS's is a problem", async () => {
    const unknown = await ask(asked({ authentication: "not-a-key" }));
    expect(unknown).toMatchObject({
      status: { result: "error", html_en_us: expect.stringContaining("stream key") },
      ingest_endpoints: [],
      encoder_configurations: [],
    });
    expect(await ask(asked({}, { width: 0 }))).toMatchObject({ status: { result: "error" } });
    const { status } = await platform.request("POST", "/api/obs/client-configuration", { authentication: key });
    expect(status).toBe(422);
  });

  test("who guesses keys is told nothing more, not even of a right one; others are", async () => {
    const from = (address: string, authentication: string) =>
      platform.request("POST", "/api/obs/client-configuration", asked({ authentication }), {
        "x-test-address": address,
      });
    const resultOf = async (response: Response) => ((await response.json()) as Answer).status.result;
    for (let guess = 0; guess < 30; guess++) await from("203.0.113.9", `guess-${guess}`);
    expect(await resultOf(await from("203.0.113.9", key))).toBe("error");
    expect(await resultOf(await from("203.0.113.200", key))).toBe("success");
  });

  test("an account that is put to rest has no channel to send to", async () => {
    const owner = await platform.makeUser({ username: "resting" });
    await platform.makeChannel("south", { owner });
    const theirs = await queries.channelKey(platform.database.db, platform.vault, "south");
    expect((await ask(asked({ authentication: theirs }))).status.result).toBe("success");
    await platform.database.sql`update users set is_active = false where id = ${owner.id}`;
    expect((await ask(asked({ authentication: theirs }))).status.result).toBe("error");
  });
});

test.each([
  ["Windows", [0x8086, 0x10de], 16, "30.2.3", "jim_nvenc"],
  ["Windows", [0x1002], 16, "31.0.0", "h264_texture_amf"],
  ["Windows", [0x8086], 4, "31.0.0", "obs_qsv11_v2"],
  ["Linux", [0x10de], 16, "31.0.0", "obs_nvenc_h264_tex"],
  ["Linux", [0x1002], 16, "31.0.0", "obs_x264"],
  ["macOS", [], 8, "31.0.0", "com.apple.videotoolbox.videoencoder.ave.avc"],
  ["", [], 0, "", "obs_x264"],
] as const)("%s with %p: %d threads, OBS %s: %s", (system, vendors, logicalCores, version, type) => {
  expect(encoderFor({ system, vendors, logicalCores, version }).type).toBe(type);
});

test("law: the source comes first, every picture is smaller than the one before, and all fit what is allowed", () => {
  const side = fc.integer({ min: 64, max: 4_096 });
  const framerate = fc.record({ numerator: fc.constantFrom(24, 30, 60, 120), denominator: fc.constant(1) });
  const limits = fc.record({
    maxTracks: fc.integer({ min: 1, max: 8 }),
    maxBitrate: fc.option(fc.integer({ min: 300, max: 50_000 })),
  });
  fc.assert(
    fc.property(fc.record({ width: side, height: side, framerate }), limits, (canvas, { maxTracks, maxBitrate }) => {
      const rungs = ladderFor(canvas, { maxTracks, maxBitrate });
      expect(rungs.length).toBeGreaterThanOrEqual(1);
      expect(rungs.length).toBeLessThanOrEqual(maxTracks);
      expect(Math.abs(rungs[0]!.width - canvas.width)).toBeLessThanOrEqual(1);
      for (const [at, { width, height, bitrate }] of rungs.entries()) {
        expect([width % 2, height % 2]).toEqual([0, 0]);
        expect(bitrate).toBeGreaterThanOrEqual(300);
        const above = rungs[at - 1];
        if (above) expect(width * height).toBeLessThan(above.width * above.height);
      }
      const sum = rungs.reduce((all, { bitrate }) => all + bitrate, 0);
      if (maxBitrate !== null) expect(sum).toBeLessThanOrEqual(maxBitrate);
    }),
  );
});
