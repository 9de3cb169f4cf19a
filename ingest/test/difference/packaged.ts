/** Tags through the way of a broadcast, with one remuxer or another: splitter, remuxer, packager. What players would get, epoch by epoch. */
import { ms, seconds } from "../../src/bytes/units.ts";
import type { MediaTag } from "../../src/live/media-tag.ts";
import { makePackager } from "../../src/packager/packager.ts";
import type { Sample, Track } from "../../src/packager/track.ts";
import { makeEpochSplitter } from "../../src/remux/epoch-splitter.ts";
import type { EpochPlan, MakeRemuxer, RemuxEnd } from "../../src/remux/remuxer.ts";
import { type FlvTag, testBroadcast } from "../../src/remux/testing/flv.ts";

export interface Packaged {
  /** A track without a configuration was promised by a frame of the epoch before, and has none in this one. */
  readonly isPromiseBroken: boolean;
  /** How the epoch's remuxer ended. */
  readonly end: RemuxEnd;
  /** By rendition: its init segment and all its segments, one after the other. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface Epoch {
  readonly plan: EpochPlan;
  readonly frames: MediaTag[];
}

/** Every epoch of the publisher's has a place of its own on the timeline, far from the one before. */
export const EPOCH_MS = 60_000;

export function epochsOf(tags: readonly FlvTag[]): Epoch[] {
  const epochs: Epoch[] = [];
  const splitter = makeEpochSplitter({
    onStart: (plan) => void epochs.push({ plan, frames: [] }),
    onFrame: (tag) => void epochs.at(-1)!.frames.push(tag),
    onStop() {},
    onDrop() {},
  });
  const broadcast = testBroadcast("difference");
  broadcast.subscribe({ onTag: (tag) => splitter.push(tag, tag.timestamp), onEnd() {} });
  for (const { kind, timestamp, body } of tags) broadcast.push(kind, timestamp, body);
  broadcast.end();
  return epochs;
}

interface Remuxed {
  readonly tracks: readonly Track[];
  readonly samples: readonly { readonly track: number; readonly sample: Sample }[];
  readonly end: RemuxEnd;
}

function remux({ plan, frames }: Epoch, make: MakeRemuxer): Promise<Remuxed> {
  let tracks: readonly Track[] = [];
  const samples: { track: number; sample: Sample }[] = [];
  const { promise, resolve } = Promise.withResolvers<Remuxed>();
  const remuxer = make(
    plan,
    {
      onTracks(given) {
        tracks = given;
      },
      onSample: (track, sample) => void samples.push({ track, sample }),
      onEnd: (end) => resolve({ tracks, samples, end }),
    },
    0,
  );
  for (const frame of frames) remuxer.push(frame);
  remuxer.end();
  return promise;
}

export async function packaged(tags: readonly FlvTag[], make: MakeRemuxer): Promise<Packaged[]> {
  const out: Packaged[] = [];
  const pieces = new Map<string, Uint8Array[]>();
  const packager = makePackager(
    { firstNumber: 1, firstEpoch: 0, partTarget: seconds(0.5), showsParts: false },
    {
      onPart() {},
      onTargetDuration() {},
      onPartTarget() {},
      onDependentCut() {},
      onSegment(rendition, segment) {
        if (segment.kind === "gap") return;
        const known = pieces.get(rendition);
        if (known !== undefined) known.push(segment.bytes);
        else {
          const { init } = segment.epoch.tracks.find((track) => track.rendition === rendition)!;
          pieces.set(rendition, [init, segment.bytes]);
        }
      },
    },
  );
  for (const [index, epoch] of epochsOf(tags).entries()) {
    const { tracks, samples, end } = await remux(epoch, make);
    // A remuxer that failed before it had tracks has nothing to pack.
    if (tracks.length > 0) packager.beginEpoch(tracks, ms(index * EPOCH_MS));
    for (const { track, sample } of samples) packager.push(track, sample);
    packager.endEpoch();
    const isThere = (head: MediaTag) => head.isConfig || epoch.frames.some(({ kind }) => kind === head.kind);
    const isPromiseBroken = !epoch.plan.heads.every(isThere);
    out.push({
      isPromiseBroken,
      end,
      files: new Map([...pieces].map(([name, parts]) => [name, Buffer.concat(parts)])),
    });
    pieces.clear();
  }
  return out;
}
