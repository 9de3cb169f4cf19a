/** A process that feeds one remuxer and says its child's id, until somebody kills it: for tests. */
import { ms } from "../../bytes/units.ts";
import { makeMediaTag } from "../../live/media-tag.ts";
import { startFfmpegRemuxer } from "../ffmpeg-remuxer.ts";
import { makeFlv } from "./flv.ts";

const tags = (await makeFlv({ seconds: 1, video: {} }))
  .map(({ kind, timestamp, body }) => makeMediaTag(kind, ms(timestamp), body))
  .filter((tag) => tag?.kind === "video")
  .map((tag) => tag!);
const remuxer = startFfmpegRemuxer(
  { heads: [tags[0]!], base: ms(0) },
  { onTracks() {}, onSample() {}, onEnd() {} },
  { path: "ffmpeg", verbose: false, onChild: (pid) => console.log(pid) },
);
for (const tag of tags.slice(1)) remuxer.push(tag);
setInterval(() => {}, 1000);
