/** How a channel's broadcasts are sent, kept and shown. */
import type { ChannelRow } from "../model.ts";

export type ChannelSettings = {
  readonly [K in "latency" | "secondEncoder" | "isRecorded" | "dvrSeconds"]?: ChannelRow[K] | undefined;
};

/** These columns and no others, whatever else a caller was given. */
export const settingsOf = ({ latency, secondEncoder, isRecorded, dvrSeconds }: ChannelSettings = {}) => ({
  latency,
  secondEncoder,
  isRecorded,
  dvrSeconds,
});
