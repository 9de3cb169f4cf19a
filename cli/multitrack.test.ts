/** OBS Studio's "Enhanced Broadcasting": asks what it should send, sends all of it in one connection, and viewers have a ladder that nobody here encoded. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type FlvTag, makeFlv } from "@streamhub/ingest/remux/testing/flv";
import { onTrack } from "@streamhub/ingest/remux/testing/multitrack";
import { makeDataDir, removeDataDir, startServer, type TestServer, until } from "./e2e/server.ts";
import { publishTags, type TagPublisher } from "./e2e/tag-publisher.ts";

setDefaultTimeout(120_000);

const SECONDS = 4;
const FPS = 25;
let dataDir: string;
let server: TestServer;
let encoder: TagPublisher | null = null;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
});
afterAll(async () => {
  await encoder?.stop();
  await server?.stop();
  removeDataDir(dataDir);
});

interface Configuration {
  readonly meta: { readonly config_id: string };
  readonly status: { readonly result: string };
  readonly ingest_endpoints: readonly { readonly protocol: string; readonly url_template: string }[];
  readonly encoder_configurations: readonly {
    readonly width: number;
    readonly height: number;
    readonly framerate: { readonly numerator: number; readonly denominator: number };
    readonly settings: { readonly bitrate: number; readonly keyint_sec: number; readonly bf: number };
  }[];
}

async function configure(): Promise<Configuration> {
  const response = await fetch(`${server.site}/api/obs/client-configuration`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      schema_version: "2025-01-25",
      authentication: server.streamKey,
      capabilities: { cpu: { logical_cores: 8 } },
      preferences: { width: 1280, height: 720, framerate: { numerator: FPS, denominator: 1 } },
    }),
  });
  return (await response.json()) as Configuration;
}

/** What an encoder makes of the configuration, track by track. */
async function encode({ encoder_configurations: rungs }: Configuration): Promise<FlvTag[]> {
  const made: FlvTag[] = [];
  for (const [track, { width, height, framerate, settings }] of rungs.entries()) {
    const video = {
      ...{ size: `${width}x${height}`, fps: framerate.numerator / framerate.denominator, kbps: settings.bitrate },
      ...{ gop: settings.keyint_sec * FPS, bFrames: settings.bf },
    };
    const tags = await makeFlv({ seconds: SECONDS, video, ...(track === 0 ? { audio: {} } : {}) });
    made.push(...(track === 0 ? tags : onTrack(track, tags)));
  }
  return made;
}

test("every picture that was asked for is a rendition of one ladder, and plays", async () => {
  const configuration = await configure();
  const sizes = configuration.encoder_configurations.map(({ width, height }) => `${width}x${height}`);
  expect(sizes).toEqual(["1280x720", "854x480", "640x360"]);
  const [endpoint] = configuration.ingest_endpoints;
  expect(endpoint!.url_template).toBe(
    `${server.rtmp}/{stream_key}`.replace("127.0.0.1", new URL(server.site).hostname),
  );

  // OBS puts the configuration's name behind the key.
  const key = `${server.streamKey}?clientConfigId=${configuration.meta.config_id}`;
  encoder = await publishTags(server.rtmpPort, key, await encode(configuration), SECONDS);
  const read = async (name: string) => await (await fetch(`${server.site}/live/${server.slug}/${name}`)).text();
  const resolutions = (master: string) => [...master.matchAll(/RESOLUTION=(\d+x\d+)/g)].map(([, size]) => size);
  await until("all are listed", async () => resolutions(await read("master.m3u8")).length === sizes.length);
  const master = await read("master.m3u8");
  expect(resolutions(master)).toEqual(sizes);
  const mpd = await read("manifest.mpd");
  for (const size of sizes) expect(mpd).toContain(`width="${size.split("x")[0]}" height="${size.split("x")[1]}"`);

  const names = master.split("\n").filter((line) => line.endsWith("index.m3u8") && !line.startsWith("audio"));
  expect(names).toEqual(["video/index.m3u8", "480p/index.m3u8", "360p/index.m3u8"]);
  const numbers = async (name: string) => (await read(name)).match(/^\d+\.m4s$/gm) ?? [];
  await until("three segments of each", async () => (await numbers("360p/index.m3u8")).length >= 3);
  // Cut at the same moments: what one has under a number, the others have too.
  const [first] = await numbers("video/index.m3u8");
  for (const name of names) {
    expect(await numbers(name)).toContain(first!);
    const playlist = await read(name);
    expect(playlist).not.toContain("GAP");
    const init = /EXT-X-MAP:URI="([^"]+)"/.exec(playlist)![1];
    const folder = name.split("/")[0];
    const bytes = async (file: string) =>
      await (await fetch(`${server.site}/live/${server.slug}/${folder}/${file}`)).bytes();
    const child = Bun.spawn(["ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "null", "-"], {
      stdin: Buffer.concat([await bytes(init!), await bytes(first!)]),
      stdout: "ignore",
      stderr: "pipe",
    });
    expect(await new Response(child.stderr).text()).toBe("");
  }
});
