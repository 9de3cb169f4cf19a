import { expect, test } from "bun:test";
import { remuxArgv } from "./ffmpeg-argv.ts";
import type { Rung } from "./ladder-rungs.ts";

const INPUT = "-analyzeduration 0 -fpsprobesize 0 -f flv -i pipe:0";
const OUTPUT =
  "-strict unofficial -copyts -avoid_negative_ts disabled -f mp4 " +
  "-movflags empty_moov+default_base_moof+frag_discont+skip_trailer+skip_sidx " +
  "-frag_duration 1 -use_editlist 0 -video_track_timescale 90000 -flush_packets 1 pipe:1";

const CASES = [
  {
    name: "H.264 and AAC",
    argv: remuxArgv({ video: "avc1", audio: "mp4a", verbose: false }),
    golden: `-hide_banner -loglevel fatal -probesize 32768 ${INPUT} -map 0:v:0 -map 0:a:0 -c copy ${OUTPUT}`,
  },
  {
    name: "sound alone needs no probing",
    argv: remuxArgv({ video: null, audio: ".mp3", verbose: false }),
    golden: `-hide_banner -loglevel fatal -probesize 512 ${INPUT} -map 0:a:0 -c copy ${OUTPUT}`,
  },
  {
    name: "a picture alone",
    argv: remuxArgv({ video: "avc1", audio: null, verbose: false }),
    golden: `-hide_banner -loglevel fatal -probesize 1024 ${INPUT} -map 0:v:0 -c copy ${OUTPUT}`,
  },
  {
    name: "HEVC is tagged for Apple; after a failure ffmpeg may speak",
    argv: remuxArgv({ video: "hvc1", audio: "mp4a", verbose: true }),
    golden: `-hide_banner -loglevel error -probesize 32768 ${INPUT} -map 0:v:0 -map 0:a:0 -c copy -tag:v hvc1 ${OUTPUT}`,
  },
];

test.each(CASES)("$name", ({ argv, golden }) => {
  expect(argv.join(" ")).toBe(golden);
});

test("whatever is asked for, ffmpeg reads FLV from its stdin and writes to its stdout alone", () => {
  const rung = { width: 640, height: 360, bitrate: 800_000 } as Rung;
  for (const video of ["avc1", "hvc1", null] as const)
    for (const audio of ["mp4a", ".mp3", null] as const)
      for (const rungs of [[], [rung, rung]]) {
        const argv = remuxArgv({ video, audio, verbose: false, rungs });
        const inputs = argv.flatMap((word, at) => (word === "-i" ? [argv.slice(at - 2, at + 2)] : []));
        expect(inputs).toEqual([["-f", "flv", "-i", "pipe:0"]]);
        // Whatever looks like an address or a path would be opened.
        expect(argv.filter((word) => /[/\\]|^[a-z]\w*:/i.test(word))).toEqual(["pipe:0", "pipe:1"]);
        expect(argv.at(-1)).toBe("pipe:1");
      }
});
