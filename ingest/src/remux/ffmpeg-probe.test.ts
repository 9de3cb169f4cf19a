import { describe, expect, test } from "bun:test";
import { FfmpegError, probeFfmpeg, readVersion, whyNot } from "./ffmpeg-probe.ts";

const answer = (version: string, libavformat: string): string =>
  `ffmpeg version ${version} Copyright (c) 2000-2026 the FFmpeg developers\nbuilt with gcc\nlibavutil      59. 39.100 / 59. 39.100\nlibavformat    ${libavformat} / ${libavformat}\n`;

const CLASSIC = ["avc1", "mp4a", ".mp3"];
const VIDEO = ["hvc1", "av01", "vp09"];
const AUDIO = ["Opus", "fLaC", "ac-3", "ec-3"];

describe("ffmpeg's versions", () => {
  test.each([
    { version: "5.1.9-0+deb12u1", libavformat: "59. 27.100", codecs: CLASSIC },
    { version: "6.0", libavformat: "60.  3.100", codecs: CLASSIC },
    { version: "6.1.1-3ubuntu5", libavformat: "60. 16.100", codecs: [...CLASSIC, ...VIDEO] },
    { version: "n7.1", libavformat: "61.  7.100", codecs: [...CLASSIC, ...VIDEO, ...AUDIO] },
    { version: "N-118193-g5f38c82536", libavformat: "61.  9.102", codecs: [...CLASSIC, ...VIDEO, ...AUDIO] },
  ])("$version", ({ version, libavformat, codecs }) => {
    const ffmpeg = readVersion("/usr/bin/ffmpeg", answer(version, libavformat));
    expect(ffmpeg.version).toBe(version);
    expect([...ffmpeg.codecs].sort()).toEqual([...codecs].sort() as never);
  });

  test("one that is too old, and one that is something else", () => {
    expect(() => readVersion("ffmpeg", answer("3.4", "57. 83.100"))).toThrow(FfmpegError);
    expect(() => readVersion("ffmpeg", "avconv version 12\n")).toThrow("does not answer like ffmpeg");
  });

  test("a refusal names the codec and the version that is needed", () => {
    const ffmpeg = readVersion("ffmpeg", answer("5.1.9", "59. 27.100"));
    expect(whyNot(ffmpeg, "avc1")).toBeNull();
    expect(whyNot(ffmpeg, "hvc1")).toContain("HEVC needs ffmpeg 6.1 or newer on the server, which has 5.1.9");
    expect(whyNot(ffmpeg, "Opus")).toContain("Opus needs ffmpeg 7.1");
    expect(whyNot(ffmpeg, "unsupported")).toContain("choose H.264 video and AAC audio");
  });

  test("the one that is installed", async () => {
    const ffmpeg = await probeFfmpeg();
    expect(ffmpeg.codecs.has("avc1")).toBeTrue();
  });

  test("none", async () => {
    const error = await probeFfmpeg("no-such-ffmpeg").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FfmpegError);
    expect((error as FfmpegError).code).toBe("ffmpeg.missing");
  });
});
