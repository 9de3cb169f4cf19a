import { expect, test } from "bun:test";
import { remuxArgv } from "./ffmpeg-argv.ts";

const INPUT = "-analyzeduration 0 -fpsprobesize 0 -f flv -i pipe:0";
const OUTPUT =
  "-copyts -avoid_negative_ts disabled -f mp4 " +
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
