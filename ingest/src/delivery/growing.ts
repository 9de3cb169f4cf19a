/** A segment that is still growing, as a body that goes on as its parts are made: what low-latency DASH reads (ISO/IEC 23009-1 §5.3.9.5.3). */
import type { Part } from "../packager/segment.ts";
import type { SegmentWindow } from "../packager/window.ts";
import type { Waits } from "./waits.ts";

/** The parts that are there, and whether they are all. Null when there is no such segment (any more). */
export function partsOf(
  window: SegmentWindow,
  rendition: string,
  number: number,
): { readonly parts: readonly Part[]; readonly isWhole: boolean } | null {
  const whole = window.segment(rendition, number);
  if (whole !== null) return { parts: whole.parts, isWhole: true };
  const growing = window.view?.renditions.find(({ name }) => name === rendition)?.growing ?? null;
  return growing?.number === number ? { parts: growing.parts, isWhole: false } : null;
}

/** A reader that is slow gets the next part when it has taken the one before: nothing is buffered for it. */
export function growingBody(
  window: SegmentWindow,
  waits: Waits,
  rendition: string,
  number: number,
  timeoutMs: number,
): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const hasMore = (): boolean => {
          const found = partsOf(window, rendition, number);
          return found === null || found.isWhole || found.parts.length > sent;
        };
        const isThere = await waits.until(`${rendition}/${number}+${sent}`, hasMore, timeoutMs);
        const found = partsOf(window, rendition, number);
        if (!isThere || found === null) {
          // Breaks the answer off, so that no cache takes it for whole. Without a reason: Bun would print that past our log.
          controller.error();
          return;
        }
        for (const part of found.parts.slice(sent)) controller.enqueue(part.bytes);
        sent = found.parts.length;
        if (found.isWhole) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
