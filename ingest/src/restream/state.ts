/**
 * What becomes of one target of a broadcast.
 *
 * | state      | event   | next       |
 * | ---------- | ------- | ---------- |
 * | off        | begin   | connecting |
 * | connecting | started | live       |
 * | connecting | lost    | retrying   |
 * | connecting | denied  | refused    |
 * | live       | lost    | retrying   |
 * | live       | denied  | refused    |
 * | retrying   | begin   | connecting |
 * | refused    | begin   | connecting |
 * | any        | stop    | off        |
 *
 * Every pair that is not in the table leaves the state as it is: null.
 */
export const RELAY_STATES = ["connecting", "live", "retrying", "refused", "off"] as const;
export type RelayState = (typeof RELAY_STATES)[number];
export type RelayEvent = "begin" | "started" | "lost" | "denied" | "stop";

const TABLE: Readonly<Record<RelayState, Partial<Record<RelayEvent, RelayState>>>> = {
  off: { begin: "connecting" },
  connecting: { started: "live", lost: "retrying", denied: "refused" },
  live: { lost: "retrying", denied: "refused" },
  retrying: { begin: "connecting" },
  refused: { begin: "connecting" },
};

export function transitionRelay(state: RelayState, event: RelayEvent): RelayState | null {
  return event === "stop" ? "off" : (TABLE[state][event] ?? null);
}
