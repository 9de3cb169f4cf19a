import type { Stream } from "./client.ts";

/** Whether a broadcast that is over can be watched. */
export const isRecorded = (stream: Stream): boolean => stream.state === "ended" && stream.playback !== null;
