/** How a channel's broadcasts are sent, kept and shown. */
import type { ChannelRow } from "../model.ts";

export type ChannelSettings = {
  readonly [K in "latency" | "quality" | "secondEncoder" | "remuxer" | "isRecorded" | "dvrSeconds"]?:
    | ChannelRow[K]
    | undefined;
};

/** These columns and no others, whatever else a caller was given. */
export const settingsOf = ({
  latency,
  quality,
  secondEncoder,
  remuxer,
  isRecorded,
  dvrSeconds,
}: ChannelSettings = {}) => ({
  latency,
  quality,
  secondEncoder,
  remuxer,
  isRecorded,
  dvrSeconds,
});
