/** Plays tags to the doctor against a clock of our own: for tests. */
import { ms } from "../../bytes/units.ts";
import { LiveBroadcast } from "../../live/broadcast.ts";
import type { LatencyProfile } from "../../live/latency.ts";
import type { MediaKind } from "../../live/media-tag.ts";
import { NOBODY } from "../../live/testing/nobody.ts";
import { type HealthSample, StreamHealth } from "../stream-health.ts";

export interface FlvTag {
  readonly kind: MediaKind;
  readonly timestamp: number;
  readonly body: Uint8Array;
}

export const openBroadcast = (): LiveBroadcast =>
  new LiveBroadcast({
    slug: "one",
    streamId: null,
    visibility: "public",
    latency: "standard",
    startedAt: ms(0),
    publisher: NOBODY,
  });

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
  const broadcast = openBroadcast();
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
