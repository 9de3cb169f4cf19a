/**
 * The life of a stream. Its state is read from its columns; every change of it goes through `transition`.
 *
 * | state   | columns                      | start  | publish | stop    | end   |
 * | ------- | ---------------------------- | ------ | ------- | ------- | ----- |
 * | planned | `armed_at`, `started_at` null | armed  |         | planned |       |
 * | armed   | `armed_at`, no `started_at`  | armed  | live    | planned |       |
 * | live    | `is_live`                    | live   |         | ended   | ended |
 * | ended   | `started_at`, not `is_live`  |        |         | ended   | ended |
 *
 * `start` and `stop` are the owner's, `publish` and `end` the encoder's (`end` also a crash's); asking for what already is changes nothing. A
 * publish that finds no armed stream makes a new one, live at once. Deleting ends what is live first. Archiving is a mark on an ended one.
 */

export const STREAM_STATES = ["planned", "armed", "live", "ended"] as const;
export type StreamState = (typeof STREAM_STATES)[number];
export type StreamEvent = "start" | "publish" | "stop" | "end";

const TABLE: Readonly<Record<StreamState, Readonly<Partial<Record<StreamEvent, StreamState>>>>> = {
  planned: { start: "armed", stop: "planned" },
  armed: { start: "armed", publish: "live", stop: "planned" },
  live: { start: "live", stop: "ended", end: "ended" },
  ended: { stop: "ended", end: "ended" },
};

/** The state after an event; null when a stream in that state refuses it. */
export const transition = (state: StreamState, event: StreamEvent): StreamState | null => TABLE[state][event] ?? null;

export function stateOf(row: {
  isLive: boolean;
  armedAt: Date | string | null;
  startedAt: Date | string | null;
}): StreamState {
  if (row.isLive) return "live";
  if (row.startedAt !== null) return "ended";
  return row.armedAt === null ? "planned" : "armed";
}
