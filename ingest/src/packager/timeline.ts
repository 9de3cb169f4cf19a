/** SegmentTimeline, ISO/IEC 23009-1 §5.3.9.6. */
import { element } from "./xml.ts";

/** Its S elements: runs of equal durations are one. */
export function timelineOf(segments: readonly { readonly time: number; readonly duration: number }[]): string[] {
  const runs: { readonly time: number; readonly duration: number; repeat: number }[] = [];
  let next = Number.NaN;
  for (const { time, duration } of segments) {
    const last = runs.at(-1);
    if (last !== undefined && last.duration === duration && time === next) last.repeat++;
    else runs.push({ time, duration, repeat: 0 });
    next = time + duration;
  }
  return runs.map((run) =>
    element("S", [
      ["t", String(run.time)],
      ["d", String(run.duration)],
      ...(run.repeat > 0 ? ([["r", String(run.repeat)]] as const) : []),
    ]),
  );
}
