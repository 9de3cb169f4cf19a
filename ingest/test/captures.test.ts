/** Recorded sessions of real encoders, in the pieces in which they came and in any others. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { ms, unwrapTimestamp } from "../src/bytes/units.ts";
import { type MediaTag, makeMediaTag } from "../src/live/media-tag.ts";
import { decodeAmf0 } from "../src/rtmp/amf0/decode.ts";
import { type AmfValue, amfProperty } from "../src/rtmp/amf0/value.ts";
import { DEFAULT_SESSION_LIMITS } from "../src/rtmp/limits.ts";
import type { MediaEvent } from "../src/rtmp/session/events.ts";
import { openCapture } from "./open-capture.ts";
import { runSession } from "./run-session.ts";
import { split } from "./vectors/wire.ts";

const KEY = "K".repeat(32);

const EXPECTED = {
  // Counted by another parser too.
  obs: { audio: 242, video: 155, script: 1, codecs: ["avc1", "mp4a"], encoder: /obs-output module/ },
  librtmp: { audio: 209, video: 135, script: 16, codecs: ["avc1", "mp4a"], encoder: /./ },
} as const;

for (const name of ["obs", "librtmp"] as const) {
  const capture = await openCapture(name);
  const expected = EXPECTED[name];

  describe(`${name}.bin`, () => {
    test("is the recorded one", () => {
      expect(createHash("sha256").update(capture.bytes).digest("hex")).toBe(capture.sha256);
    });

    const media: MediaEvent[] = [];
    const run = runSession(capture.pieces, {
      apps: ["live"],
      onEvent: (event) => event.type === "media" && media.push(event),
    });

    test("connects, publishes, ends in order", () => {
      expect(run.code).toBeNull();
      const others = run.lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
      expect(others.map((event) => event.type)).toEqual(["connected", "publish-requested", "publish-ended"]);
      expect(others[0].request).toMatchObject({ app: "live" });
      expect(others[1]).toMatchObject({ app: "live", key: KEY, streamId: 1 });
      expect(run.lines.at(-1)).toBe(JSON.stringify({ type: "publish-ended", streamId: 1 }));
    });

    test("has every message, and no other", () => {
      const count = (kind: MediaEvent["kind"]) => media.filter((event) => event.kind === kind).length;
      expect({ audio: count("audio"), video: count("video"), script: count("script") }).toEqual({
        audio: expected.audio,
        video: expected.video,
        script: expected.script,
      });
    });

    test("metadata is onMetaData without @setDataFrame", () => {
      for (const { payload } of media.filter((event) => event.kind === "script")) {
        const [handler, values] = decodeAmf0(payload, DEFAULT_SESSION_LIMITS);
        expect(handler).toBe("onMetaData");
        if (name === "obs") {
          const property = (key: string): AmfValue => amfProperty(values, key);
          expect([property("width"), property("height"), property("framerate")]).toEqual([640, 360, 30]);
          expect([property("audiosamplerate"), property("audiochannels")]).toEqual([48000, 2]);
          expect(property("encoder")).toMatch(expected.encoder);
        }
      }
    });

    test("FLV headers: codecs, configurations before media, a keyframe first", () => {
      const tags = media
        .map((event) => makeMediaTag(event.kind, ms(event.timestamp), event.payload))
        .filter((tag): tag is MediaTag => tag !== null && tag.kind !== "script");
      expect([...new Set(tags.map((tag) => tag.codec))].sort()).toEqual([...expected.codecs]);
      for (const kind of ["audio", "video"] as const) {
        const own = tags.filter((tag) => tag.kind === kind && !tag.isControl);
        if (own.length === 0) continue;
        expect(own[0]!.isConfig).toBe(true);
        if (kind === "video") expect(own.find((tag) => !tag.isConfig)!.isKeyframe).toBe(true);
      }
      const dropped =
        media.length - media.filter((e) => makeMediaTag(e.kind, ms(e.timestamp), e.payload) !== null).length;
      expect(dropped).toBeLessThanOrEqual(2); // OBS ends its audio with an empty body
    });

    test("timestamps of each kind never go back", () => {
      for (const kind of ["audio", "video"] as const) {
        let last = ms(0);
        for (const event of media.filter((event) => event.kind === kind)) {
          const at = unwrapTimestamp(last, event.timestamp);
          expect(at).toBeGreaterThanOrEqual(last);
          last = at;
        }
      }
    });

    test("any split gives the same events, whenever the gate answers", () => {
      const offset = fc.integer({ min: 0, max: capture.bytes.length });
      // Half of the cuts fall into the handshake and the commands, where states change.
      const early = fc.integer({ min: 0, max: 4200 });
      fc.assert(
        fc.property(
          fc.array(fc.oneof(offset, early), { maxLength: 60 }),
          fc.integer({ min: 0, max: 5 }),
          (offsets, answerAfter) => {
            const pieces = split(
              capture.bytes,
              offsets.sort((a, b) => a - b),
            );
            const limits = { ...DEFAULT_SESSION_LIMITS, maxHeldBytes: DEFAULT_SESSION_LIMITS.maxMessageSize };
            const again = runSession(pieces, { apps: ["live"], answerAfter, limits });
            expect(again.code).toBeNull();
            expect(again.lines).toEqual(run.lines);
          },
        ),
        { numRuns: 40 },
      );
    });

    test("byte by byte over the first 6000 bytes, then at once", () => {
      const offsets = Array.from({ length: 6000 }, (_, i) => i + 1);
      expect(runSession(split(capture.bytes, offsets), { apps: ["live"] }).lines).toEqual(run.lines);
    });

    test("decoding reserves no more than a message's length", () => {
      let most = 0;
      runSession(capture.pieces, {
        afterPiece: (session) => {
          most = Math.max(most, session.unfinishedBytes);
        },
      });
      expect(most).toBeLessThan(64 * 1024);
    });
  });
}
