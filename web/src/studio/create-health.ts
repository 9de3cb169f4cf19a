/** How a broadcast arrives, second by second: the last sample, and hours of them as lines. */
import type { SampleEvent } from "@streamhub/api/client";
import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js";
import { makeSeries, type Series } from "../charts/make-series.ts";
import { client } from "../live/client.ts";
import { reconnectEvents, useTopic } from "../live/events.ts";
import { outcomeOf } from "../session/problem.ts";
import { loadMe } from "../session/session.ts";

export type Sample = SampleEvent["data"];

/** Rows of the series. */
export const ROW = { bitrate: 0, fps: 1, keyframe: 2, viewers: 3 } as const;
/** No sample for this long: there is no news, and what is shown is old. */
const SILENT_MS = 6_000;
const SIGN_IN_AGAIN_MS = 15_000;

/** `streamId` null: nothing is on air. `viewers`: how many watch right now. */
export function createHealth(streamId: Accessor<number | null>, viewers: Accessor<number>) {
  const [sample, setSample] = createSignal<Sample | null>(null);
  const [silent, setSilent] = createSignal(false);
  const [version, setVersion] = createSignal(0);
  let series: Series = makeSeries(4);
  /** Samples that came while the past was still being asked for. */
  let early: Sample[] | null = null;
  let lastAt = 0;
  let askedAt = 0;

  const push = ({ at, bitrateKbps, fps, keyframeIntervalSeconds }: Sample) =>
    series.push(Math.floor(Date.parse(at) / 1000), [bitrateKbps, fps, keyframeIntervalSeconds, viewers()]);

  async function recall(id: number): Promise<void> {
    early = [];
    const outcome = await outcomeOf(client.api.streams({ id }).health.get({ query: {} }));
    if (streamId() !== id) return;
    if (outcome.ok) {
      for (const { at, bitrateKbps, fps, keyframeIntervalSeconds } of outcome.value.points)
        series.push(Math.floor(Date.parse(at) / 1000), [bitrateKbps, fps, keyframeIntervalSeconds, null]);
    }
    for (const waiting of early ?? []) push(waiting);
    early = null;
    setVersion((now) => now + 1);
  }

  createEffect(
    on(streamId, (id) => {
      series = makeSeries(4);
      setSample(null);
      setSilent(false);
      setVersion(0);
      lastAt = Date.now();
      if (id !== null) void recall(id);
    }),
  );

  useTopic(
    () => (streamId() === null ? null : `owner:${streamId()}`),
    (message) => {
      if (message.type === "stream.sample") {
        lastAt = Date.now();
        setSilent(false);
        setSample(message.data);
        if (early === null) push(message.data);
        else early.push(message.data);
        setVersion((now) => now + 1);
      } else if (
        message.type === "error" &&
        message.code.startsWith("auth.") &&
        Date.now() - askedAt > SIGN_IN_AGAIN_MS
      ) {
        // The socket was opened with access that had run out: asking anything renews it.
        askedAt = Date.now();
        void loadMe().then(reconnectEvents);
      }
    },
  );

  const timer = setInterval(() => {
    if (streamId() !== null && Date.now() - lastAt > SILENT_MS) setSilent(true);
  }, 1_000);
  onCleanup(() => clearInterval(timer));

  return {
    sample,
    silent,
    /** Seconds and one of `ROW`, for a chart; from this second on. */
    line(row: number, from: number): [number[], (number | null)[]] {
      version();
      const rows = series.rows(from);
      return [rows[0], rows[row + 1] ?? []];
    },
  };
}

export type Health = ReturnType<typeof createHealth>;
