/** Whole sessions: any split, the gate's answer at any time, violations included. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { bytes } from "../../src/bytes/units.ts";
import { makeAmfObject } from "../../src/rtmp/amf0/value.ts";
import { ChunkDecoder } from "../../src/rtmp/chunk/decoder.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { MessageType } from "../../src/rtmp/chunk/header.ts";
import { encodeCommand } from "../../src/rtmp/command/command.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/rtmp/limits.ts";
import {
  decodeControlValue,
  encodeUserControl,
  encodeWindowAcknowledgementSize,
} from "../../src/rtmp/message/control.ts";
import { ClientSession } from "../../src/rtmp/session/client.ts";
import { ServerSession } from "../../src/rtmp/session/server.ts";
import { chunksOf, START } from "../generated-session.ts";
import { runSession } from "../run-session.ts";
import { seededCrypto } from "../seeded-crypto.ts";
import * as peer from "../server/peer-bytes.ts";
import { codeOf } from "../vectors/code-of.ts";
import { concat, split } from "../vectors/wire.ts";
import { cutAt, cuts, payload, timestamp } from "./wire-values.ts";

setDefaultTimeout(60_000);

const LIMITS = { ...DEFAULT_SESSION_LIMITS, maxHeldBytes: bytes(1 << 26) };

const media = fc
  .array(
    fc.record({
      csid: fc.constantFrom(4, 5, 64, 320),
      typeId: fc.constantFrom(8, 9, 18, 22),
      timestamp,
      payload: payload(128),
    }),
    { maxLength: 8 },
  )
  .map((parts) => concat(...parts.flatMap((part) => chunksOf(part, 128))));
const turn = fc.oneof(
  media,
  fc.constantFrom(
    peer.command("FCUnpublish", 6, [null, "KEY"]),
    peer.publish("AGAIN"),
    peer.command("deleteStream", 0, [null, 1]),
    peer.createStream(),
    encodeMessage(encodeUserControl({ type: 6, value: 5 }), 2, 128),
  ),
);
const tail = fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 40 }));

describe("a session's events", () => {
  const session = fc
    .tuple(fc.array(turn, { maxLength: 8 }), tail)
    .map(([turns, junk]) => concat(START, ...turns, junk));

  test("are the same in any split, whenever the gate answers, up to the same violation", () => {
    fc.assert(
      fc.property(session, cuts, fc.integer({ min: 0, max: 6 }), (whole, offsets, answerAfter) => {
        const once = runSession([whole], { limits: LIMITS });
        const cut = runSession(split(whole, cutAt(offsets, whole.length)), { limits: LIMITS, answerAfter });
        expect(cut.lines).toEqual(once.lines);
        expect(cut.code).toBe(once.code);
      }),
      { numRuns: 500 },
    );
  });

  test("are the same byte by byte, `connect` glued to C2 or not", () => {
    const whole = concat(START, peer.audio(0, Uint8Array.of(0x2f, 1)), peer.command("FCUnpublish", 6, [null, "KEY"]));
    const once = runSession([whole]);
    expect(once.lines).toHaveLength(4);
    const limits = LIMITS; // a read of one byte costs more than its byte while the gate is asked
    expect(
      runSession(
        Array.from(whole, (byte) => Uint8Array.of(byte)),
        { limits, answerAfter: 20 },
      ).lines,
    ).toEqual(once.lines);
    expect(runSession(split(whole, [3073]), {}).lines).toEqual(once.lines);
  });
});

test("an acknowledgement that falls due while the gate is asked is sent with the answer", () => {
  const session = new ServerSession({ crypto: seededCrypto(), limits: LIMITS, chunkSize: 4096, apps: null });
  session.receive(START);
  session.output();
  session.receive(new Uint8Array(0));
  const window = encodeMessage(encodeWindowAcknowledgementSize(100), 2, 128);
  session.accept(1);
  session.receive(window);
  session.output();
  session.receive(concat(peer.command("FCUnpublish", 0, [null]), peer.publish("K")));
  session.output();
  const before = peer.audio(0, new Uint8Array(200));
  session.receive(before);
  expect(session.output().length).toBe(0);
  session.accept(1);
  const decoder = new ChunkDecoder(LIMITS);
  decoder.push(session.output());
  const sent = [];
  for (let message = decoder.next(); message !== null; message = decoder.next()) sent.push(message);
  const acknowledgements = sent.filter((message) => message.typeId === MessageType.acknowledgement);
  expect(acknowledgements).toHaveLength(1);
  expect(decodeControlValue(acknowledgements[0]!.payload)).toBeGreaterThan(START.length + before.length);
});

test("before a publish is accepted a large message is refused, afterwards it is media", () => {
  const large = peer.video(0, new Uint8Array(200_000), 128);
  expect(runSession([concat(peer.HANDSHAKE, peer.connect(), large)]).code).toBe("message.too-large");
  expect(runSession([START, large]).code).toBeNull();
});

test("a reconnect request goes to those who announced it", () => {
  for (const [capsEx, asked] of [
    [undefined, false],
    [1, true],
    [6, false],
  ] as const) {
    const session = new ServerSession({ crypto: seededCrypto(), limits: LIMITS, chunkSize: 4096, apps: null });
    const object = capsEx === undefined ? { app: "live" } : { app: "live", capsEx };
    session.receive(concat(peer.HANDSHAKE, peer.command("connect", 1, [object])));
    session.output();
    expect(session.requestReconnect("Moving.")).toBe(asked);
    const out = Buffer.from(session.output()).toString("latin1");
    expect(out.includes("NetConnection.Connect.ReconnectRequest")).toBe(asked);
  }
});

describe("the client session", () => {
  test("against arbitrary bytes: events or a WireError", () => {
    const answer = (name: string, information: Parameters<typeof encodeCommand>[2]) =>
      encodeMessage(encodeCommand(name, 1, information), 3, 128);
    const hostile = fc.constantFrom(
      answer("_result", [null, Object.assign(makeAmfObject(), { code: makeAmfObject() })]),
      answer("_error", [null, { code: { a: 1 }, description: [1] }]),
      answer("onStatus", [null, new Map([["level", "error"]])]),
      answer("onStatus", []),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(hostile, fc.uint8Array({ maxLength: 60 })), { maxLength: 6 }),
        cuts,
        (parts, offsets) => {
          const client = new ClientSession({
            crypto: seededCrypto(),
            handshake: "simple",
            mode: "publish",
            app: "live",
            tcUrl: "",
            name: "k",
          });
          const whole = concat(Uint8Array.of(3), new Uint8Array(3072), ...parts);
          codeOf(() => {
            for (const piece of split(whole, cutAt(offsets, whole.length))) client.receive(piece);
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("publishes and plays against the server session, in any split of both directions", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4000 }),
        fc.constantFrom("publish" as const, "play" as const),
        (step, mode) => {
          const server = new ServerSession({ crypto: seededCrypto(), limits: LIMITS, chunkSize: 4096, apps: ["live"] });
          const client = new ClientSession({
            crypto: seededCrypto(2),
            handshake: { digest: 1 },
            mode,
            app: "live",
            tcUrl: "",
            name: "k",
          });
          for (let round = 0; round < 12 && client.state !== "started"; round++) {
            const up = client.output();
            for (let at = 0; at < up.length; at += step)
              for (const event of server.receive(up.slice(at, at + step)))
                if (event.type === "publish-requested" || event.type === "play-requested")
                  server.accept(event.streamId);
            const down = server.output();
            for (let at = 0; at < down.length; at += step) client.receive(down.slice(at, at + step));
          }
          expect(client.state).toBe("started");
          expect(client.serverVerified).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
