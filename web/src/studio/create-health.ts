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
/** After this long the server has written down what was before this page. */
const WHOLE_MS = 75_000;
const SIGN_IN_AGAIN_MS = 15_000;

/** `streamId` null: nothing is on air. `viewers`: how many watch right now. */
export function createHealth(streamId: Accessor<number | null>, viewers: Accessor<number>) {
  const [sample, setSample] = createSignal<Sample | null>(null);
  const [silent, setSilent] = createSignal(false);
  const [version, setVersion] = createSignal(0);
  let series: Series = makeSeries(4);
  /** What came since this page is open, until the past is whole: it is written down with a delay. */
  let heard: Sample[] = [];
  let wholeAt = 0;
  let recalling: ReturnType<typeof setTimeout> | undefined;
  let lastAt = 0;
  let askedAt = 0;

  const push = (into: Series, { at, bitrateKbps, fps, keyframeIntervalSeconds }: Sample) =>
    into.push(Math.floor(Date.parse(at) / 1000), [bitrateKbps, fps, keyframeIntervalSeconds, viewers()]);

  /** The past up to the first sample that was heard here, then what was heard. */
  async function recall(id: number): Promise<void> {
    const outcome = await outcomeOf(client.api.streams({ id }).health.get({ query: {} }));
    if (streamId() !== id || !outcome.ok) return;
    const whole = makeSeries(4);
    const first = heard[0] === undefined ? Number.POSITIVE_INFINITY : Date.parse(heard[0].at);
    for (const { at, bitrateKbps, fps, keyframeIntervalSeconds } of outcome.value.points) {
      if (Date.parse(at) < first)
        whole.push(Math.floor(Date.parse(at) / 1000), [bitrateKbps, fps, keyframeIntervalSeconds, null]);
    }
    for (const sample of heard) push(whole, sample);
    series = whole;
    setVersion((now) => now + 1);
  }

  createEffect(
    on(streamId, (id) => {
      series = makeSeries(4);
      setSample(null);
      setSilent(false);
      setVersion(0);
      lastAt = Date.now();
      heard = [];
      wholeAt = Date.now() + WHOLE_MS;
      clearTimeout(recalling);
      if (id === null) return;
      void recall(id);
      recalling = setTimeout(() => void recall(id), WHOLE_MS);
    }),
  );

  useTopic(
    () => (streamId() === null ? null : `owner:${streamId()}`),
    (message) => {
      if (message.type === "stream.sample") {
        lastAt = Date.now();
        setSilent(false);
        setSample(message.data);
        push(series, message.data);
        if (Date.now() < wholeAt + WHOLE_MS) heard.push(message.data);
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
  onCleanup(() => {
    clearInterval(timer);
    clearTimeout(recalling);
  });

  return {
    sample,
    silent,
    /** Seconds, then the rows of `ROW`, for charts; from this second on. */
    rows(from: number): ReturnType<Series["rows"]> {
      version();
      return series.rows(from);
    },
  };
}

export type Health = ReturnType<typeof createHealth>;
