/** Low-latency ways to watch, on the real server with a real encoder: parts, growing segments, frames over WebSocket, FLV. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { makeDataDir, type Publisher, publish, removeDataDir, until } from "./e2e/server.ts";

setDefaultTimeout(120_000);

const SLUG = "close";
let dataDir: string;
let server: Bun.Subprocess<"ignore", "pipe", "inherit">;
let encoder: Publisher;
let site: string;

beforeAll(async () => {
  dataDir = makeDataDir();
  const entry = join(import.meta.dir, "..", "streamhub.ts");
  server = Bun.spawn([process.execPath, entry, "ingest", "--open", "--latency", "balanced", "--json"], {
    env: { ...process.env, DATA_DIR: dataDir, RTMP_PORT: "0", MEDIA_PORT: "0" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const bytes of server.stdout) {
    text += new TextDecoder().decode(bytes);
    if (text.includes("\n")) break;
  }
  const { rtmp, playback } = JSON.parse(text) as { rtmp: string; playback: string };
  site = new URL(playback).origin;
  encoder = publish(`${rtmp}/${SLUG}`);
  await until("parts are listed", async () => (await playlist()).includes("#EXT-X-PART:"));
});

afterAll(async () => {
  await encoder?.stop();
  server?.kill("SIGTERM");
  await server?.exited;
  removeDataDir(dataDir);
});

const playlist = async (query = "") => (await fetch(`${site}/live/${SLUG}/video/index.m3u8${query}`)).text();

async function decodedFrames(media: Uint8Array, format: string): Promise<number> {
  const child = Bun.spawn(
    [
      "ffprobe",
      "-v",
      "error",
      "-f",
      format,
      "-count_frames",
      "-select_streams",
      "v",
      "-show_entries",
      "stream=nb_read_frames",
      "-of",
      "csv=p=0",
      "pipe:0",
    ],
    { stdin: new Blob([media]), stdout: "pipe", stderr: "pipe" },
  );
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(errors).toBe("");
  return Number.parseInt(out, 10);
}

describe("LL-HLS", () => {
  test("each blocking reload brings the next part, and the hint before it was its name", async () => {
    let text = await playlist();
    for (let i = 0; i < 6; i++) {
      const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(text)![1]!;
      const hinted = fetch(`${site}/live/${SLUG}/video/${hint}`);
      const lines = text.split("\n");
      const whole = lines.filter((line) => /^\d+\.m4s$/.test(line)).at(-1)!;
      const msn = Number.parseInt(whole, 10) + 1;
      const part = lines.slice(lines.indexOf(whole)).filter((line) => line.startsWith("#EXT-X-PART:")).length;
      text = await playlist(`?_HLS_msn=${msn}&_HLS_part=${part}`);
      expect(text).toContain(`URI="${hint}"`);
      expect((await (await hinted).bytes()).length).toBeGreaterThan(0);
    }
  });
});

describe("frame by frame", () => {
  test("a WebSocket gets tracks, init segments and fragments that decode from the first on", async () => {
    const socket = new WebSocket(`${site.replace("http", "ws")}/live/${SLUG}/ws`);
    socket.binaryType = "arraybuffer";
    const messages: (string | Uint8Array)[] = [];
    socket.onmessage = ({ data }) =>
      messages.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    await until("a hundred fragments came", async () => messages.length > 100);
    socket.close();
    const { tracks } = JSON.parse(messages[0] as string) as { tracks: { id: number; kind: string; codecs: string }[] };
    expect(tracks.map(({ kind }) => kind).toSorted()).toEqual(["audio", "video"]);
    const video = tracks.find(({ kind }) => kind === "video")!;
    expect(video.codecs).toMatch(/^avc1\./);
    const of = messages.filter(
      (message): message is Uint8Array => typeof message !== "string" && message[0] === video.id,
    );
    const frames = await decodedFrames(Buffer.concat(of.map((message) => message.subarray(1))), "mp4");
    expect(frames).toBe(of.length - 1);
  });

  test("what is no WebSocket is told so", async () => {
    const answer = await fetch(`${site}/live/${SLUG}/ws`);
    expect(answer.status).toBe(426);
    expect((await fetch(`${site}/live/nobody/ws`)).status).toBe(404);
  });

  test("FLV over HTTP begins with a keyframe and goes on", async () => {
    const response = await fetch(`${site}/live/${SLUG}.flv`);
    expect(response.headers.get("content-type")).toBe("video/x-flv");
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const bytes of response.body!) {
      pieces.push(bytes);
      length += bytes.length;
      if (length > 300_000) break;
    }
    const child = Bun.spawn(
      [
        "ffprobe",
        "-v",
        "error",
        "-f",
        "flv",
        "-show_entries",
        "packet=stream_index,pts_time,flags",
        "-of",
        "csv=p=0",
        "pipe:0",
      ],
      {
        stdin: new Blob([Buffer.concat(pieces)]),
        stdout: "pipe",
        stderr: "ignore",
      },
    );
    const packets = (await child.stdout.text())
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(packets.length).toBeGreaterThan(30);
    expect(new Set(packets.map(([stream]) => stream)).size).toBe(2);
    expect((await fetch(`${site}/live/nobody.flv`)).status).toBe(404);
  });

  test("FLV over WebSocket is the same file", async () => {
    const socket = new WebSocket(`${site.replace("http", "ws")}/live/${SLUG}.flv`);
    socket.binaryType = "arraybuffer";
    const messages: Uint8Array[] = [];
    socket.onmessage = ({ data }) => messages.push(new Uint8Array(data as ArrayBuffer));
    await until("tags came", async () => messages.length > 40);
    socket.close();
    expect(new TextDecoder().decode(messages[0]!.subarray(0, 3))).toBe("FLV");
  });
});
