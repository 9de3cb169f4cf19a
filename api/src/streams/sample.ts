/** What ingest says of a live stream once a second, as the bus keeps it for some seconds. */

import { Value } from "@sinclair/typebox/value";
import { sampleKey } from "@streamhub/db";
import { type Static, t } from "elysia";
import { WholeNumber } from "../json.ts";
import type { Services } from "../services.ts";

const Measured = t.Union([t.Number(), t.Null()]);
const Named = t.Union([t.String({ maxLength: 40 }), t.Null()]);

/** What is wrong, and what to change. */
export const StreamProblemSchema = t.Object({
  code: t.String({ maxLength: 40 }),
  severity: t.Union([t.Literal("info"), t.Literal("warning"), t.Literal("error")]),
  /** What was measured, by name: units are in the names. */
  values: t.Record(t.String({ maxLength: 40 }), t.Number()),
  detail: t.String(),
  /** A setting of OBS; null where none helps. */
  fix: t.Union([t.String(), t.Null()]),
});

const LadderSchema = t.Object({
  renditions: t.Array(t.String({ maxLength: 40 })),
  dropped: t.Array(
    t.Object({
      rendition: t.String({ maxLength: 40 }),
      reason: t.Union([t.Literal("slow"), t.Literal("failed")]),
    }),
  ),
});

/** What becomes of what the encoder sends: how it is packaged, and how often that broke a rule of HLS or DASH. */
export const PackagingSchema = t.Object({
  state: t.Union([t.Literal("waiting"), t.Literal("live"), t.Literal("ended"), t.Literal("failed")]),
  failure: t.Union([t.String(), t.Null()]),
  violations: WholeNumber({ minimum: 0 }),
  /** Renditions beside the source, costliest first, and those that this machine could not keep up with; null: the source alone. */
  ladder: t.Union([LadderSchema, t.Null()]),
});

/** How another service gets the broadcast. */
export const RestreamStatusSchema = t.Object({
  id: WholeNumber(),
  state: t.Union([
    t.Literal("connecting"),
    t.Literal("live"),
    t.Literal("retrying"),
    t.Literal("refused"),
    t.Literal("off"),
  ]),
  /** ISO 8601: since when it is in this state. */
  since: t.String({ maxLength: 40 }),
  /** What went wrong last: a stable code, and one sentence. */
  fault: t.Union([t.Object({ code: t.String({ maxLength: 40 }), reason: t.String({ maxLength: 200 }) }), t.Null()]),
  /** Sent since the broadcast began. */
  bytes: WholeNumber({ minimum: 0 }),
  /** Messages that the service was too slow for. */
  droppedFrames: WholeNumber({ minimum: 0 }),
});
export type RestreamStatus = Static<typeof RestreamStatusSchema>;

export const SampleSchema = t.Object({
  bitrateKbps: Measured,
  fps: Measured,
  width: Measured,
  height: Measured,
  videoCodec: Named,
  audioCodec: Named,
  keyframeIntervalSeconds: Measured,
  missingFrames: WholeNumber({ minimum: 0 }),
  skewMs: Measured,
  problems: t.Array(StreamProblemSchema),
  packaging: t.Union([PackagingSchema, t.Null()]),
  /** Left out by an ingest of a release that knows of none. */
  restreams: t.Optional(t.Array(RestreamStatusSchema)),
});
export type Sample = Static<typeof SampleSchema>;

/** Null when nothing was said in the last seconds, or it can't be read: another release may write it otherwise. */
export async function lastSample({ bus }: Services, streamId: number): Promise<Sample | null> {
  const text = await bus.cache.get(sampleKey(streamId));
  if (text === null) return null;
  try {
    const sample: unknown = JSON.parse(text);
    return Value.Check(SampleSchema, sample) ? sample : null;
  } catch {
    return null;
  }
}
