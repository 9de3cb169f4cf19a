/** What ingest says of a live stream once a second, as the bus keeps it for some seconds. */

import { Value } from "@sinclair/typebox/value";
import { sampleKey } from "@streamhub/db";
import { type Static, t } from "elysia";
import type { Services } from "../services.ts";

const Measured = t.Union([t.Number(), t.Null()]);
const Named = t.Union([t.String({ maxLength: 40 }), t.Null()]);

export const SampleSchema = t.Object({
  bitrateKbps: Measured,
  fps: Measured,
  width: Measured,
  height: Measured,
  videoCodec: Named,
  audioCodec: Named,
  keyframeIntervalSeconds: Measured,
  problems: t.Array(t.Object({ code: t.String(), detail: t.String() })),
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
