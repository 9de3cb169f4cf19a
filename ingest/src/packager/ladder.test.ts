import { expect, test } from "bun:test";
import { ms, seconds } from "../bytes/units.ts";
import { renderMpd } from "./dash-mpd.ts";
import { renderMediaPlaylist } from "./hls-media.ts";
import { renderMultivariantPlaylist } from "./hls-multivariant.ts";
import { makePackager } from "./packager.ts";
import { modelEpoch } from "./testing/model-broadcast.ts";
import { makeSegmentWindow } from "./window.ts";

const STARTED_AT = ms(Date.UTC(2026, 10, 24));

/** A broadcast of epochs with these ladders, six seconds each. */
function broadcast(...ladders: readonly (readonly number[])[]) {
  const window = makeSegmentWindow({ startedAt: STARTED_AT, targetDurations: 6 });
  const packager = makePackager(
    { firstNumber: 1, firstEpoch: 1, partTarget: seconds(0.5), showsParts: false },
    {
      onPart() {},
      onPartTarget: window.onPartTarget,
      onSegment: window.onSegment,
      onTargetDuration: window.onTargetDuration,
      onDependentCut: window.onDependentCut,
    },
  );
  for (const [index, ladder] of ladders.entries()) {
    const { tracks, inputs } = modelEpoch({
      video: { fps: 30, gops: [60, 60, 60], reorder: 0, jitter: [], width: 1280 },
      audio: { sampleRate: 48_000, startMs: 0, jitter: [], hole: null, lagMs: 0 },
      ladder,
      pauseMs: 0,
    });
    packager.beginEpoch(tracks, ms(index * 7_000));
    for (const { track, sample } of inputs) packager.push(track, sample);
    packager.endEpoch();
  }
  return window.view!;
}

const variantsOf = (view: ReturnType<typeof broadcast>): string[] =>
  renderMultivariantPlaylist(view, (name) => `${name}/index.m3u8`)
    .split("\n")
    .flatMap((line, index, all) =>
      line.startsWith("#EXT-X-STREAM-INF")
        ? [`${all[index + 1]} ${/RESOLUTION=([^,]+)/.exec(line)?.[1] ?? /CODECS="([^"]+)"/.exec(line)![1]}`]
        : [],
    );

test("a ladder's renditions are variants, the source first, sound alone last; their segments have the same numbers and dates", () => {
  const view = broadcast([360, 180]);
  expect(variantsOf(view)).toEqual([
    "video/index.m3u8 1280x720",
    "360p/index.m3u8 640x360",
    "180p/index.m3u8 320x180",
    "audio/index.m3u8 mp4a.40.2",
  ]);
  const [source, ...others] = view.renditions
    .filter(({ kind }) => kind === "video")
    .map((rendition) => renderMediaPlaylist(view, rendition));
  for (const other of others) expect(other).toBe(source!);
});

test("what one player may change between is one AdaptationSet", () => {
  const mpd = renderMpd(broadcast([360, 180]), { timeUri: "/live/time", baseOf: (name) => `${name}/` });
  expect(mpd.match(/<AdaptationSet/g)).toHaveLength(2);
  expect([...mpd.matchAll(/<Representation id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
    "video",
    "360p",
    "180p",
    "audio",
  ]);
});

test("a rendition that is dropped is no variant any more; those who play it see gaps", () => {
  const view = broadcast([360, 180], [180]);
  expect(variantsOf(view)).toEqual([
    "video/index.m3u8 1280x720",
    "180p/index.m3u8 320x180",
    "audio/index.m3u8 mp4a.40.2",
  ]);
  const dropped = view.renditions.find(({ name }) => name === "360p")!;
  expect(renderMediaPlaylist(view, dropped).match(/#EXT-X-GAP/g)).toHaveLength(3);
  // Back again with the next epoch that has it.
  expect(variantsOf(broadcast([360], [], [360]))).toContain("360p/index.m3u8 640x360");
});
