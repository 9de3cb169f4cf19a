/** The gate of `streamhub ingest --open`: no database, any key is accepted and is also the public name. */
import { isSlug } from "@streamhub/db/slug";
import type { LatencyProfile } from "../live/latency.ts";
import type { Gate, Quality, Refused } from "../live/ports.ts";

const NOT_A_NAME: Refused = {
  kind: "refused",
  code: "publish.unknown-key",
  reason:
    "In open mode the key is the public name: 1 to 64 lower-case letters, digits, - and _, beginning with a letter or a digit.",
};

export function makeOpenGate(latency: LatencyProfile = "standard", quality: Quality = "source"): Gate {
  return {
    async admit({ key }) {
      if (!isSlug(key)) return NOT_A_NAME;
      return {
        kind: "admitted",
        slug: key,
        channelId: null,
        streamId: null,
        visibility: "public",
        latency,
        quality,
        secondEncoder: "refuse",
        remuxer: "auto",
        isRecorded: false,
        dvrSeconds: 0,
      };
    },
    ended: async () => {},
    recover: async () => 0,
    close: async () => {},
  };
}
