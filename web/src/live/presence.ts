/**
 * What the watch page shows. One question is asked again and again: is there such a channel, and is it live?
 *
 * | before        | no channel | not live | live |
 * | ------------- | ---------- | -------- | ---- |
 * | loading       | missing    | off-air  | live |
 * | missing       | missing    | off-air  | live |
 * | off-air       | missing    | off-air  | live |
 * | live          | missing    | ended    | live |
 * | ended         | missing    | ended    | live |
 *
 * `ended` differs from `off-air` only in words: whoever watched is told that it is over, whoever came later that it has not begun.
 */
export type Presence = "loading" | "missing" | "off-air" | "live" | "ended";

export function nextPresence(before: Presence, channel: { readonly isLive: boolean } | undefined): Presence {
  if (channel === undefined) return "missing";
  if (channel.isLive) return "live";
  return before === "live" || before === "ended" ? "ended" : "off-air";
}
