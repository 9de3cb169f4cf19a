/** What a publisher tells of its pictures' colours beside them (E-RTMP v2 `colorInfo`): the newest of each track. */
import { type ColourInfo, readColourInfo } from "../flv/colour-info.ts";
import { keepTag, type MediaTag } from "../live/media-tag.ts";
import type { EpochPlan } from "./remuxer.ts";

export interface ColourTags {
  /** True: it tells another thing than before, so that what comes belongs to another epoch. */
  take(tag: MediaTag): boolean;
  all(): readonly MediaTag[];
  /** Another publisher comes. */
  forget(): void;
}

/** Tracks of a publisher: the source's and those beside it. */
const MAX_TRACKS = 8;

export function makeColourTags(): ColourTags {
  const newest = new Map<number, MediaTag>();
  return {
    take(tag) {
      if (tag.kind !== "video" || readColourInfo(tag.payload) === null) return false;
      const known = newest.get(tag.trackId);
      if (known === undefined && newest.size >= MAX_TRACKS) return false;
      newest.set(tag.trackId, keepTag(tag));
      return known === undefined || Buffer.compare(known.payload, tag.payload) !== 0;
    },
    all: () => [...newest.values()],
    forget: () => newest.clear(),
  };
}

export function colourInfoOf({ colours }: EpochPlan, trackId: number): ColourInfo | null {
  const tag = colours?.find((each) => each.trackId === trackId);
  return tag === undefined ? null : readColourInfo(tag.payload);
}
