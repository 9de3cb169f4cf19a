/**
 * The server session's state: one for the connection, one for each message stream.
 *
 * Connection
 * | state       | event          | next       |
 * | ----------- | -------------- | ---------- |
 * | handshaking | handshake-done | connecting |
 * | connecting  | connect        | connected  |
 * | any         | close          | closed     |
 *
 * Message stream (exists in `connected` only)
 * | state           | event           | next            |
 * | --------------- | --------------- | --------------- |
 * | idle            | publish         | publish-pending |
 * | publish-pending | accept          | publishing      |
 * | publish-pending | reject          | idle            |
 * | publishing      | unpublish       | idle            |
 * | idle            | play            | play-pending    |
 * | play-pending    | accept          | playing         |
 * | play-pending    | reject          | idle            |
 * | playing         | stop            | idle            |
 *
 * Every pair that is not in a table is null: the caller answers it with a WireError or an `_error`, never with a new state.
 */
export type ConnectionState = "handshaking" | "connecting" | "connected" | "closed";
export type ConnectionEvent = "handshake-done" | "connect" | "close";
export type StreamState = "idle" | "publish-pending" | "publishing" | "play-pending" | "playing";
export type StreamEvent = "publish" | "accept" | "reject" | "unpublish" | "play" | "stop";

const CONNECTION: Readonly<Record<ConnectionState, Partial<Record<ConnectionEvent, ConnectionState>>>> = {
  handshaking: { "handshake-done": "connecting", close: "closed" },
  connecting: { connect: "connected", close: "closed" },
  connected: { close: "closed" },
  closed: { close: "closed" },
};

const STREAM: Readonly<Record<StreamState, Partial<Record<StreamEvent, StreamState>>>> = {
  idle: { publish: "publish-pending", play: "play-pending" },
  "publish-pending": { accept: "publishing", reject: "idle" },
  publishing: { unpublish: "idle" },
  "play-pending": { accept: "playing", reject: "idle" },
  playing: { stop: "idle" },
};

export function transitionConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState | null {
  return CONNECTION[state][event] ?? null;
}

export function transitionStream(state: StreamState, event: StreamEvent): StreamState | null {
  return STREAM[state][event] ?? null;
}
