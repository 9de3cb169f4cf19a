/** A short broadcast as its packager tells of it. */
import { ms, seconds } from "../../bytes/units.ts";
import { makePackager } from "../../packager/packager.ts";
import { modelEpoch } from "../../packager/testing/model-broadcast.ts";
import type { Archive } from "../archive.ts";

const FIRST = 28_000_000;
const VIDEO = { fps: 30, gops: [60, 60, 60, 60, 60], reorder: 0, jitter: [], width: 640 };
const AUDIO = { sampleRate: 48_000, startMs: 0, jitter: [], hole: null, lagMs: 0 };

export function tellBroadcast(archive: Pick<Archive, "onSegment" | "onTargetDuration">): void {
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(0.5), showsParts: false },
    {
      onSegment: archive.onSegment,
      onTargetDuration: archive.onTargetDuration,
      onPart() {},
      onPartTarget() {},
      onDependentCut() {},
    },
  );
  const { tracks, inputs } = modelEpoch({ video: VIDEO, audio: AUDIO, pauseMs: 0 });
  packager.beginEpoch(tracks, ms(120));
  for (const { track, sample } of inputs) packager.push(track, sample);
  packager.endEpoch();
}
