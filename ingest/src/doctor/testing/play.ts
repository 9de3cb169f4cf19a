/** Plays tags to the doctor against a clock of our own: for tests. */
import { ms } from "../../bytes/units.ts";
import type { LatencyProfile } from "../../live/latency.ts";
import { type FlvTag, testBroadcast } from "../../remux/testing/flv.ts";
import { type HealthSample, StreamHealth } from "../stream-health.ts";

export interface Playing {
  /** How late a tag of a time arrives, in milliseconds; null: it is lost. */
  readonly delay?: (tag: FlvTag) => number | null;
  readonly latency?: LatencyProfile;
}

/** One sample for each second. */
export function play(
  tags: readonly FlvTag[],
  seconds: number,
  { delay = () => 0, latency }: Playing = {},
): HealthSample[] {
  const broadcast = testBroadcast("one");
  const health = new StreamHealth(ms(0), latency);
  broadcast.subscribe(health);
  const arrivals = tags
    .map((tag) => ({ tag, late: delay(tag) }))
    .filter(({ late }) => late !== null)
    .map(({ tag, late }) => ({ tag, at: tag.timestamp + late! }));
  const samples: HealthSample[] = [];
  let next = 0;
  for (let second = 1; second <= seconds; second++) {
    for (; next < arrivals.length && arrivals[next]!.at < second * 1_000; next++) {
      const { tag } = arrivals[next]!;
      broadcast.push(tag.kind, tag.timestamp, tag.body);
    }
    samples.push(health.sample(ms(second * 1_000)));
  }
  return samples;
}

export const codesOf = (sample: HealthSample | undefined): string[] | undefined =>
  sample?.problems.map(({ code }) => code);
