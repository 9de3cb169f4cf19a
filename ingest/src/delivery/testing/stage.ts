/** Delivery with broadcasts made of models: everything that tests ask of it, without sockets and clocks. */
import { type Milliseconds, ms, seconds } from "../../bytes/units.ts";
import { makePackager } from "../../packager/packager.ts";
import { type ModelEpoch, modelEpoch } from "../../packager/testing/model-broadcast.ts";
import { makeSegmentWindow, type SegmentWindow } from "../../packager/window.ts";
import { type Channel, type DeliveryOptions, makeDelivery } from "../delivery.ts";

/** Number of the first segment and epoch. */
export const FIRST = 28_000_000;
export const MODEL: ModelEpoch = {
  video: { fps: 30, gops: [60, 60, 60, 60], reorder: 0, jitter: [], width: 640 },
  audio: { sampleRate: 48000, startMs: 0, jitter: [], hole: null, lagMs: 0 },
  pauseMs: 0,
};

export interface Stage {
  now: Milliseconds;
  readonly delivery: ReturnType<typeof makeDelivery>;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

export function stage(options: DeliveryOptions = {}): Stage {
  const self: { now: Milliseconds } = { now: ms(Date.UTC(2026, 10, 24)) };
  const delivery = makeDelivery({ now: () => self.now, ...options });
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await delivery.handle(new Request(`http://host${path}`, init));
    if (response === null) throw new Error(`${path} is not ours`);
    return response;
  };
  return Object.assign(self, { delivery, get });
}

export interface Show {
  readonly channel: Channel;
  readonly window: SegmentWindow;
  /** Packages the whole model. */
  fill(): void;
}

/** A low-latency broadcast that goes on by single samples. */
export function lowLatency({ delivery, now }: Stage, slug: string, model: ModelEpoch, isPrivate = false) {
  const window = makeSegmentWindow({ startedAt: now, targetDurations: 6, partPrefix: FIRST });
  const channel = delivery.open(slug, window, { isPrivate });
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(0.5), showsParts: true },
    {
      ...window,
      onPart(rendition, part, segment) {
        window.onPart(rendition, part, segment);
        channel.changed();
      },
      onSegment(rendition, segment) {
        window.onSegment(rendition, segment);
        channel.changed();
      },
    },
  );
  const { tracks, inputs } = modelEpoch(model);
  packager.beginEpoch(tracks, ms(0));
  let at = 0;
  return {
    channel,
    window,
    /** Pushes samples until something is so. */
    until(isSo: () => boolean): void {
      while (!isSo()) {
        const input = inputs[at++];
        if (input === undefined) throw new Error("the model is over");
        packager.push(input.track, input.sample);
      }
    },
    end(): void {
      packager.endEpoch();
      window.end();
      channel.changed();
      channel.ended();
    },
  };
}

export function show({ delivery, now }: Stage, slug: string, isPrivate = false, first = FIRST): Show {
  const window = makeSegmentWindow({ startedAt: now, targetDurations: 6 });
  const channel = delivery.open(slug, window, { isPrivate });
  return {
    channel,
    window,
    fill() {
      const packager = makePackager(
        { firstNumber: first, firstEpoch: first, partTarget: seconds(0.5), showsParts: false },
        {
          ...window,
          onSegment(rendition, segment) {
            window.onSegment(rendition, segment);
            channel.changed();
          },
        },
      );
      const { tracks, inputs } = modelEpoch(MODEL);
      packager.beginEpoch(tracks, ms(0));
      for (const { track, sample } of inputs) packager.push(track, sample);
      packager.endEpoch();
    },
  };
}

/** 40 s of it. */
export const LONG: ModelEpoch = { ...MODEL, video: { ...MODEL.video!, gops: new Array(20).fill(60) } };
