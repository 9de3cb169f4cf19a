import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { obsProfile, phoneLinks, settingsFor } from "./obs-settings.ts";
import { isSlug, suggestSlug } from "./slug.ts";

const there = { server: "rtmp://live.example.org:1935/live", streamKey: "secret-key", slug: "night-train" };

/** Reads the archive by its central directory, as programs do. */
function unzip(zip: Uint8Array): Map<string, string> {
  const view = new DataView(zip.buffer);
  const end = zip.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const files = new Map<string, string>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [crc, size, nameLength, offset] = [
      view.getUint32(at + 16, true),
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
      view.getUint32(at + 42, true),
    ];
    const text = (from: number, length: number) => new TextDecoder().decode(zip.subarray(from, from + length));
    const name = text(at + 46, nameLength);
    expect(text(offset + 30, nameLength)).toBe(name);
    const data = zip.subarray(offset + 30 + nameLength, offset + 30 + nameLength + size);
    expect(crc32(data)).toBe(crc);
    files.set(name, new TextDecoder().decode(data));
    at += 46 + nameLength;
  }
  return files;
}

describe("settings for an encoder", () => {
  test.each([
    [1, "640x360@30", 500],
    [2, "854x480@30", 1200],
    [4, "1280x720@30", 2500],
    [8, "1920x1080@30", 4500],
    [12, "1920x1080@60", 6000],
    [100, "1920x1080@60", 6000],
  ])("%d Mbit/s up: %s, %d kbit/s", (upload, picture, kbps) => {
    const { width, height, fps, videoKbps, keyframeSeconds } = settingsFor(upload);
    expect(`${width}x${height}@${fps}`).toBe(picture);
    expect(videoKbps).toBe(kbps);
    expect(keyframeSeconds).toBe(2);
  });

  test("leave a third of every upload free", () => {
    for (let upload = 1; upload <= 20; upload += 0.5) {
      const { videoKbps, audioKbps } = settingsFor(upload);
      expect(videoKbps + audioKbps).toBeLessThanOrEqual((upload * 1000 * 2) / 3);
    }
  });

  test("are a folder that OBS imports", () => {
    const files = unzip(obsProfile(there, settingsFor(8)));
    expect([...files.keys()]).toEqual([
      "StreamHub-night-train/basic.ini",
      "StreamHub-night-train/service.json",
      "StreamHub-night-train/streamEncoder.json",
    ]);
    expect(files.get("StreamHub-night-train/basic.ini")).toContain("[Output]\nMode=Advanced\n");
    expect(JSON.parse(files.get("StreamHub-night-train/service.json") ?? "").settings).toMatchObject({
      server: there.server,
      key: there.streamKey,
    });
    expect(JSON.parse(files.get("StreamHub-night-train/streamEncoder.json") ?? "")).toMatchObject({
      bitrate: 4500,
      keyint_sec: 2,
      rate_control: "CBR",
    });
  });

  test("come to a phone as one address", () => {
    const { url, larix } = phoneLinks(there);
    expect(url).toBe("rtmp://live.example.org:1935/live/secret-key");
    expect(new URL(larix).searchParams.get("conn[][url]")).toBe(url);
  });
});

test.each([
  ["Night Train", "night-train"],
  ["Ночной поезд", "nochnoi-poezd"],
  ["  Café — №5! ", "cafe-no5"],
  ["日本", ""],
])("%p suggests %p", (title, slug) => {
  expect(suggestSlug(title)).toBe(slug);
  expect(slug === "" || isSlug(slug)).toBe(true);
});
