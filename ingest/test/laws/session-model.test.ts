/** The server session beside a model of it that is small enough to be read: the tables of `session/state.ts` and nothing else. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { WireError } from "../../src/bytes/wire-error.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { StatusCode } from "../../src/rtmp/command/status.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../../src/rtmp/limits.ts";
import type { ServerEvent } from "../../src/rtmp/session/events.ts";
import { ServerSession } from "../../src/rtmp/session/server.ts";
import { type StreamState, transitionStream } from "../../src/rtmp/session/state.ts";
import { seededCrypto } from "../seeded-crypto.ts";
import * as peer from "../server/peer-bytes.ts";

setDefaultTimeout(60_000);

type Step =
  | {
      readonly do:
        | "handshake"
        | "connect"
        | "create"
        | "fcUnpublish"
        | "accept"
        | "reject"
        | "endPlay"
        | "close"
        | "ping";
    }
  | { readonly do: "publish" | "play" | "delete" | "closeStream" | "media"; readonly id: number }
  | { readonly do: "deleteByName" };

/** What the model expects of a step: the event types it gives, or "violation". */
type Outcome = readonly string[] | "violation";

class Model {
  connection: "handshaking" | "connecting" | "connected" | "closed" = "handshaking";
  readonly streams = new Map<number, StreamState>();
  waiting: number | null = null;
  /** Steps sent behind an unanswered publish or play. */
  held: Step[] = [];
  private next = 1;

  peerStep(step: Step): Outcome {
    if (this.connection === "closed") return [];
    if (this.waiting !== null) {
      this.held.push(step);
      return [];
    }
    if (step.do === "handshake") {
      this.connection = "connecting";
      return [];
    }
    if (step.do === "ping") return [];
    if (step.do === "media") return this.streams.get(step.id) === "publishing" ? ["media"] : [];
    if (step.do === "connect") {
      if (this.connection !== "connecting") return "violation";
      this.connection = "connected";
      return ["connected"];
    }
    if (this.connection === "connecting") return "violation";
    return this.command(step);
  }

  private command(step: Step): Outcome {
    switch (step.do) {
      case "create":
        if (this.streams.size >= LIMITS.maxMessageStreams) return "violation";
        this.streams.set(this.next++, "idle");
        return [];
      case "publish":
      case "play": {
        const state = this.streams.get(step.id);
        const next = state === undefined ? null : transitionStream(state, step.do);
        if (next === null) return "violation";
        this.streams.set(step.id, next);
        this.waiting = step.id;
        return [`${step.do}-requested`];
      }
      case "closeStream":
        return this.stop(step.id);
      case "fcUnpublish":
        return this.stop(this.publishing() ?? -1);
      case "delete": {
        const events = this.stop(step.id);
        this.streams.delete(step.id);
        return events;
      }
      case "deleteByName": {
        // The message stream that publishes, else the one that the command came on.
        const id = this.publishing() ?? 1;
        const events = this.stop(id);
        this.streams.delete(id);
        return events;
      }
      default:
        return [];
    }
  }

  answer(accepted: boolean): Outcome {
    const id = this.waiting!;
    this.waiting = null;
    this.streams.set(id, transitionStream(this.streams.get(id)!, accepted ? "accept" : "reject")!);
    const { held } = this;
    this.held = [];
    if (!accepted) {
      this.connection = "closed";
      return [];
    }
    const events: string[] = [];
    for (const step of held) {
      const outcome = this.peerStep(step);
      if (outcome === "violation") return "violation";
      events.push(...outcome);
    }
    return events;
  }

  publishing(): number | null {
    for (const [id, state] of this.streams) if (state === "publishing") return id;
    return null;
  }

  stop(id: number): string[] {
    const state = this.streams.get(id);
    if (state !== "publishing" && state !== "playing") return [];
    this.streams.set(id, "idle");
    return [state === "publishing" ? "publish-ended" : "play-ended"];
  }
}

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

const id = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
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

test("the session does what the tables say, step by step", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 30 }), (beginning, rest) => {
      const session = new ServerSession({ crypto, limits: LIMITS, chunkSize: 4096, apps: null });
      const model = new Model();
      for (const one of [...usual.slice(0, beginning), ...rest]) {
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
            session.receive(bytesOf(one), events);
          }
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          violated = true;
        }
        expect(violated).toBe(expected === "violation");
        if (violated) {
          reached.add("violation");
          return;
        }
        const types = events.map((event) => event.type);
        expect(types).toEqual([...expected] as typeof types);
        for (const type of types) reached.add(type);
        expect(session.state).toBe(model.connection);
        expect(new Map([...session.streamIds()].map((at) => [at, session.streamState(at)!]))).toEqual(model.streams);
        session.output();
      }
    }),
    { numRuns: 3_000 },
  );
  // A model that is never led deep proves nothing.
  expect([...reached].sort()).toEqual([
    "connected",
    "media",
    "play-ended",
    "play-requested",
    "publish-ended",
    "publish-requested",
    "violation",
  ]);
});
