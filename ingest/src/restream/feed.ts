/** A broadcast's sink that is a target's connection: what of the broadcast the service is sent. */
import { isMetadata } from "../flv/script.ts";
import type { BroadcastSink } from "../live/broadcast.ts";
import type { Codec, MediaTag } from "../live/media-tag.ts";
import { type Abilities, takes } from "./abilities.ts";
import type { RelayConnection } from "./connection.ts";

export interface FeedOptions {
  readonly connection: Pick<RelayConnection, "send" | "sendData" | "queued">;
  readonly abilities: Abilities;
  /** Bytes. */
  readonly maxQueue: number;
  readonly onDropped: () => void;
  /** The service takes no such media. Called in a tag's turn: the feed sends nothing afterwards. */
  readonly onUnfit: (codec: Codec) => void;
  readonly onEnd: () => void;
}

/** Configurations kept while media are dropped. */
const MAX_CONFIGS = 32;

/**
 * Begins with metadata, configurations and the GOP in progress. Where the service is too slow, everything up to the next keyframe behind the
 * moment when its queue has emptied is left out; configurations of that time are sent before the keyframe.
 */
export function makeFeed({ connection, abilities, maxQueue, onDropped, onUnfit, onEnd }: FeedOptions): BroadcastSink {
  let isDecodable = false;
  let isDropping = false;
  let isUnfit = false;
  let hasVideo = false;
  const missed = new Map<string, MediaTag>();

  function send(tag: MediaTag): void {
    const { kind, timestamp, payload } = tag;
    if (kind === "script" && !isMetadata(payload)) connection.sendData(timestamp, payload);
    else connection.send(kind, timestamp, payload);
  }

  function miss(tag: MediaTag): void {
    if (tag.isConfig) {
      const name = `${tag.kind}${tag.trackId}`;
      const isOfTheStream = tag.kind !== "script" || isMetadata(tag.payload);
      if (isOfTheStream && (missed.has(name) || missed.size < MAX_CONFIGS)) missed.set(name, tag);
    } else onDropped();
  }

  /** Whether media may go on with this tag. */
  function goesOn({ kind, isKeyframe, trackId }: MediaTag): boolean {
    if (connection.queued > 0) return false;
    return hasVideo ? isKeyframe && trackId === 0 : kind === "audio";
  }

  return {
    keepsNothing: true,
    onTag(tag) {
      if (isUnfit) return;
      // Its other pictures and sounds are no more than an offer.
      if (tag.trackId !== 0 && !abilities.isMultitrack) return;
      if (!takes(abilities, tag)) {
        // A frame's companions, such as colours: pictures come without them too.
        if (tag.isControl) return;
        isUnfit = true;
        onUnfit(tag.codec);
        return;
      }
      if (tag.kind === "video") hasVideo = true;
      if (isDropping) {
        if (!tag.isConfig && goesOn(tag)) {
          isDropping = false;
          for (const config of missed.values()) send(config);
          missed.clear();
        } else {
          miss(tag);
          return;
        }
      } else if (connection.queued > maxQueue) {
        isDropping = true;
        miss(tag);
        return;
      }
      if (tag.kind === "video" && !tag.isConfig && !tag.isControl && !isDecodable) {
        if (!tag.isKeyframe) return;
        isDecodable = true;
      }
      send(tag);
    },
    onAway() {
      // Another encoder begins with configurations and a keyframe of its own.
      isDecodable = false;
      hasVideo = false;
      missed.clear();
    },
    onEnd,
  };
}
