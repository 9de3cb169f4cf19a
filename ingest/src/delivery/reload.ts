/** Delivery directives of a playlist request: draft-pantos-hls-rfc8216bis §6.2.5. */
import type { BroadcastView, RenditionView } from "../packager/view.ts";

export interface Directives {
  /** `_HLS_msn`: hold the answer until this media sequence number is there. */
  readonly msn: number | null;
  /** `_HLS_part`: until this part of it is there. */
  readonly part: number | null;
  /** `_HLS_skip`. */
  readonly skip: boolean;
}

export const NO_DIRECTIVES: Directives = { msn: null, part: null, skip: false };

const NUMBER = /^\d{1,15}$/;

/** `query`: with or without its `?`. Returns a sentence for the client where the directives make no sense. */
export function readDirectives(query: string): Directives | string {
  if (!query.includes("_HLS_")) return NO_DIRECTIVES;
  const given = new URLSearchParams(query);
  const msn = numberOf(given.get("_HLS_msn"));
  const part = numberOf(given.get("_HLS_part"));
  if (msn === undefined || part === undefined) return "_HLS_msn and _HLS_part must be whole numbers.";
  if (part !== null && msn === null) return "_HLS_part needs _HLS_msn.";
  const skip = given.get("_HLS_skip");
  return { msn, part, skip: skip === "YES" || skip === "v2" };
}

function numberOf(text: string | null): number | null | undefined {
  if (text === null) return null;
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Further ahead than this nobody asks whose playlist is ours. */
export const isTooFar = ({ segments }: RenditionView, msn: number): boolean => msn > (segments.at(-1)?.number ?? 0) + 2;

/** Whether a playlist has what a reload waits for. What has ended has all there will ever be. */
export function isThere(view: BroadcastView, name: string, msn: number, part: number | null): boolean {
  if (view.hasEnded) return true;
  const rendition = view.renditions.find((each) => each.name === name);
  if (rendition === undefined) return true;
  const { segments, growing } = rendition;
  const last = segments.at(-1)?.number ?? -1;
  if (part === null) return last >= msn;
  if (growing !== null && growing.number >= msn) return growing.number > msn || growing.parts.length > part;
  if (last < msn) return false;
  if (last > msn) return true;
  // The segment has ended: a part beyond its last one is the first of the next.
  const segment = segments.at(-1)!;
  return segment.kind === "media" && part < segment.parts.length;
}
