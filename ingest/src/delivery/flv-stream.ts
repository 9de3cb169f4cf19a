/** HTTP-FLV and WS-FLV: a broadcast's tags as one endless FLV file, for tools that speak it (Adobe FLV 10.1 Annex E). */
import { encodeFlvHeader, encodeFlvTag, FlvTagType } from "../flv/mux.ts";
import type { Broadcast } from "../live/broadcast.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { presence } from "./presence.ts";

/** A reader that is further behind than this is cut off. */
const MAX_QUEUED = 8 * 1024 * 1024;

const TYPES = { audio: FlvTagType.audio, video: FlvTagType.video, script: FlvTagType.script } as const;

/** Tags of one kind of reader, from a keyframe on, with time that begins at 0. Returns the way out. */
export function sendFlv(broadcast: Broadcast, send: (bytes: Uint8Array) => void, onEnd: () => void): () => void {
  let zero: number | null = null;
  let isDecodable = false;
  const timeOf = (tag: MediaTag): number => {
    if (tag.isConfig || tag.isControl) return zero === null ? 0 : Math.max(0, tag.timestamp - zero);
    zero ??= tag.timestamp;
    return Math.max(0, tag.timestamp - zero);
  };
  send(encodeFlvHeader(true, true));
  return broadcast.subscribe({
    keepsNothing: true,
    onTag(tag) {
      if (!isDecodable && tag.kind === "video" && !tag.isConfig && !tag.isControl) {
        if (!tag.isKeyframe) return;
        isDecodable = true;
      }
      send(encodeFlvTag(TYPES[tag.kind], timeOf(tag), tag.payload));
    },
    onEnd,
  });
}

/** A response body. `onPresence`: called now, and again while somebody reads. */
export function flvBody(broadcast: Broadcast, onPresence = () => {}, onLeave = () => {}): ReadableStream<Uint8Array> {
  let leave = () => {};
  let gone = () => {};
  const end = (): void => {
    leave();
    gone();
    onLeave();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true;
        /** `isCut`: the answer is broken off. Without a reason: Bun would print that past our log. */
        const close = (isCut: boolean): void => {
          if (!isOpen) return;
          isOpen = false;
          end();
          if (isCut) controller.error();
          else controller.close();
        };
        gone = presence(onPresence);
        leave = sendFlv(
          broadcast,
          (bytes) => {
            if (!isOpen) return;
            controller.enqueue(bytes);
            if ((controller.desiredSize ?? 0) < 0) close(true);
          },
          () => close(false),
        );
        if (!isOpen) leave();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_QUEUED }),
  );
}
