/** The server session beside its model, step by step. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { WireError } from "../../src/bytes/wire-error.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { StatusCode } from "../../src/rtmp/command/status.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../../src/rtmp/limits.ts";
import type { ServerEvent } from "../../src/rtmp/session/events.ts";
import { ServerSession } from "../../src/rtmp/session/server.ts";
import { seededCrypto } from "../seeded-crypto.ts";
import * as peer from "../server/peer-bytes.ts";
import { Model, type Outcome, type Step } from "./session-model.ts";

setDefaultTimeout(60_000);

function bytesOf(step: Step): Uint8Array {
  switch (step.do) {
    case "handshake":
      return peer.HANDSHAKE;
    case "connect":
      return peer.connect();
    case "create":
      return peer.createStream();
    case "publish":
      return peer.command("publish", 3, [null, "key", "live"], step.id);
    case "play":
      return peer.command("play", 3, [null, "name"], step.id);
    case "closeStream":
      return peer.command("closeStream", 0, [null], step.id);
    case "delete":
      return peer.command("deleteStream", 0, [null, step.id]);
    case "deleteByName":
      return peer.command("deleteStream", 0, [null, "key"], 1);
    case "fcUnpublish":
      return peer.command("FCUnpublish", 6, [null, "key"]);
    case "media":
      return encodeMessage({ typeId: 8, streamId: step.id, timestamp: 0, payload: Uint8Array.of(0x2f) }, 4, 128);
    default:
      return encodeMessage({ typeId: 4, streamId: 0, timestamp: 0, payload: Uint8Array.of(0, 6, 0, 0, 0, 1) }, 2, 128);
  }
}

const id = fc.constantFrom(1, 1, 1, 1, 2, 2, 3, 0);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      "media" as const,
      "media" as const,
      "publish" as const,
      "play" as const,
      "delete" as const,
      "closeStream" as const,
      "media" as const,
    ),
    id,
  }),
  fc.record({
    do: fc.constantFrom(
      "accept" as const,
      "accept" as const,
      "create" as const,
      "fcUnpublish" as const,
      "ping" as const,
    ),
  }),
  fc.record({
    do: fc.constantFrom(
      "reject" as const,
      "endPlay" as const,
      "close" as const,
      "connect" as const,
      "deleteByName" as const,
    ),
  }),
);
const usual: Step[] = [{ do: "handshake" }, { do: "connect" }, { do: "create" }];
const crypto = seededCrypto();

/** One step in ten is taken whatever comes of it; the others only where they lead on. A violation ends a run: most would be short. */
const move = fc.record({ step, bold: fc.constantFrom(true, ...new Array<boolean>(9).fill(false)) });

/** The step on a message stream that exists. */
function aimed(model: Model, one: Step): Step {
  const ids = [...model.streams.keys()];
  return "id" in one && ids.length > 0 ? { ...one, id: ids[one.id % ids.length]! } : one;
}

function isTimid(model: Model, one: Step): boolean {
  if (model.connection === "closed" || one.do === "close" || one.do === "reject") return true;
  if (model.waiting !== null) return !["accept", "media", "ping"].includes(one.do);
  return false;
}

test("the session does what the tables say, step by step", () => {
  const reached = new Map<string, number>();
  const reach = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 3, 3, 3),
      fc.array(move, { maxLength: 40, size: "max" }),
      (beginning, rest) => {
        const session = new ServerSession({ crypto, limits: LIMITS, chunkSize: 4096, apps: null });
        const model = new Model();
        const lead = usual.slice(0, beginning).map((one) => ({ step: one, bold: true }));
        for (const { step: drawn, bold } of [...lead, ...rest]) {
          const one = bold ? drawn : aimed(model, drawn);
          if (!bold && isTimid(model, one)) continue;
          const events: ServerEvent[] = [];
          let expected: Outcome = [];
          let violated = false;
          try {
            if (one.do === "accept" || one.do === "reject") {
              if (model.waiting === null || model.connection === "closed") continue;
              const { waiting } = model;
              expected = model.answer(one.do === "accept");
              if (one.do === "accept") session.accept(waiting, events);
              else session.reject(waiting, { level: "error", code: StatusCode.publishBadName, description: "" });
            } else if (one.do === "endPlay") {
              const playing = [...model.streams].find(([, state]) => state === "playing")?.[0];
              session.endPlay(playing ?? 99);
              if (playing !== undefined) model.stop(playing);
            } else if (one.do === "close") {
              session.close();
              model.connection = "closed";
            } else {
              expected = model.peerStep(one);
              // A step that is a violation has not moved the model.
              if (expected === "violation" && !bold) continue;
              session.receive(bytesOf(one), events);
            }
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
            violated = true;
          }
          expect(violated).toBe(expected === "violation");
          if (violated) {
            reach("violation");
            return;
          }
          const types = events.map((event) => event.type);
          expect(types).toEqual([...expected] as typeof types);
          for (const type of types) reach(type);
          expect(session.state).toBe(model.connection);
          expect(new Map([...session.streamIds()].map((at) => [at, session.streamState(at)!]))).toEqual(model.streams);
          session.output();
        }
      },
    ),
    { numRuns: 2_000 },
  );
  // A model that is never led deep proves nothing.
  for (const what of [
    "connected",
    "media",
    "play-ended",
    "play-requested",
    "publish-ended",
    "publish-requested",
    "violation",
  ])
    expect([what, (reached.get(what) ?? 0) > 30]).toEqual([what, true]);
});
