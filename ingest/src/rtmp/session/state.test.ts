/** The transition functions against their written tables, pair by pair. */
import { expect, test } from "bun:test";
import {
  type ConnectionEvent,
  type ConnectionState,
  type StreamEvent,
  type StreamState,
  transitionConnection,
  transitionStream,
} from "./state.ts";

const CONNECTION = `
  handshaking handshake-done connecting
  connecting  connect        connected
  handshaking close closed
  connecting  close closed
  connected   close closed
  closed      close closed`;

const STREAM = `
  idle            publish   publish-pending
  publish-pending accept    publishing
  publish-pending reject    idle
  publishing      unpublish idle
  idle            play      play-pending
  play-pending    accept    playing
  play-pending    reject    idle
  playing         stop      idle`;

function rows(table: string): Map<string, string> {
  return new Map(
    table
      .trim()
      .split("\n")
      .map((row) => row.trim().split(/\s+/))
      .map(([state, event, next]) => [`${state} ${event}`, next!]),
  );
}

const CONNECTION_STATES: ConnectionState[] = ["handshaking", "connecting", "connected", "closed"];
const CONNECTION_EVENTS: ConnectionEvent[] = ["handshake-done", "connect", "close"];
const STREAM_STATES: StreamState[] = ["idle", "publish-pending", "publishing", "play-pending", "playing"];
const STREAM_EVENTS: StreamEvent[] = ["publish", "accept", "reject", "unpublish", "play", "stop"];

test("connection: every pair is in the table or null", () => {
  const table = rows(CONNECTION);
  for (const state of CONNECTION_STATES)
    for (const event of CONNECTION_EVENTS)
      expect(`${transitionConnection(state, event)}`).toBe(table.get(`${state} ${event}`) ?? "null");
});

test("message stream: every pair is in the table or null", () => {
  const table = rows(STREAM);
  for (const state of STREAM_STATES)
    for (const event of STREAM_EVENTS)
      expect(`${transitionStream(state, event)}`).toBe(table.get(`${state} ${event}`) ?? "null");
});
