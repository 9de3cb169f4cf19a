/** The other pictures of a multitrack publisher (E-RTMP v2): those whose configurations are known when an epoch begins belong to it. */
import { readVideoConfig } from "../flv/video-config.ts";
import { keepTag, type MediaTag } from "../live/media-tag.ts";
import { sameHead } from "./heads.ts";

export interface SidePictures {
  /** True: epochs are other ones from now on. */
  configure(tag: MediaTag): boolean;
  /** Those of the epoch that begins: their configurations, in the order of their track ids. */
  begin(): readonly MediaTag[];
  /** Whether a frame belongs to the epoch; the first one of a picture is a keyframe. */
  takes(tag: MediaTag): boolean;
  end(): void;
  /** Another publisher comes, with configurations of its own. */
  forget(): void;
}

/** As many as a ladder has, and some. */
const MAX_PICTURES = 5;

export function makeSidePictures(): SidePictures {
  const heads = new Map<number, MediaTag>();
  /** Of the epoch: whether each has had its keyframe. */
  const begun = new Map<number, boolean>();
  return {
    configure(tag) {
      const known = heads.get(tag.trackId);
      if (known !== undefined && sameHead(known, tag)) return false;
      // A picture without a size that can be read has no place among the others.
      if (readVideoConfig(tag.payload, tag.codec) === null) return false;
      if (known === undefined && heads.size >= MAX_PICTURES) return false;
      heads.set(tag.trackId, keepTag(tag));
      return true;
    },
    begin() {
      for (const id of heads.keys()) begun.set(id, false);
      return [...heads].sort(([a], [b]) => a - b).map(([, head]) => head);
    },
    takes(tag) {
      const hasBegun = begun.get(tag.trackId);
      if (hasBegun === undefined || !(hasBegun || tag.isKeyframe)) return false;
      begun.set(tag.trackId, true);
      return true;
    },
    end: () => begun.clear(),
    forget: () => heads.clear(),
  };
}
