import { type Message, MessageType } from "../chunk/header.ts";
import { scriptBody } from "../message/data.ts";
import type { MediaEvent } from "./events.ts";

/** The media in a message; null when it carries none. */
export function mediaEvent(message: Message): MediaEvent | null {
  const { typeId, streamId, timestamp, payload } = message;
  switch (typeId) {
    case MessageType.audio:
      return { type: "media", streamId, kind: "audio", timestamp, payload };
    case MessageType.video:
      return { type: "media", streamId, kind: "video", timestamp, payload };
    case MessageType.dataAmf0:
    case MessageType.dataAmf3: {
      const script = scriptBody(message);
      return script === null ? null : { type: "media", streamId, kind: "script", timestamp, payload: script };
    }
    default:
      return null;
  }
}
