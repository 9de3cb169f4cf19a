import { describe, expect, test } from "bun:test";
import { codeOf } from "../../../test/vectors/code-of.ts";
import { toHex, wire } from "../../../test/vectors/wire.ts";
import type { AmfValue } from "../amf0/value.ts";
import { type Message, MessageType } from "../chunk/header.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../limits.ts";
import { decodeCommand, encodeCommand } from "./command.ts";
import { encodeConnectResult, readConnect } from "./connect.ts";
import { encodeError, encodeOnStatus } from "./status.ts";

const message = (payload: Uint8Array, typeId: number = MessageType.commandAmf0, streamId = 0): Message => ({
  typeId,
  streamId,
  timestamp: 0,
  payload,
});

const NULL = "05";
const ONE = "00 3f f0 00*6";
const STRING = (text: string) => `02 00 ${text.length.toString(16).padStart(2, "0")} "${text}"`;
const KEY = (text: string) => `00 ${text.length.toString(16).padStart(2, "0")} "${text}"`;

/** RTMP 1.0 §7.2.1 and §7.2.2; what FMLE adds has no section. */
const VECTORS: readonly { name: string; section: string; wire: Uint8Array; value: [string, number, AmfValue[]] }[] = [
  {
    name: "connect",
    section: "RTMP 1.0 §7.2.1.1",
    wire: wire(
      `${STRING("connect")} ${ONE} 03 ${KEY("app")} ${STRING("live")} ${KEY("audioCodecs")} 00 40 a8 ee 00*5 00 00 09`,
    ),
    value: ["connect", 1, [{ app: "live", audioCodecs: 3191 }]],
  },
  {
    name: "createStream",
    section: "RTMP 1.0 §7.2.1.3",
    wire: wire(`${STRING("createStream")} 00 40 10 00*6 ${NULL}`),
    value: ["createStream", 4, [null]],
  },
  {
    name: "its _result: the message stream id",
    section: "RTMP 1.0 §7.2.1.3",
    wire: wire(`${STRING("_result")} 00 40 10 00*6 ${NULL} ${ONE}`),
    value: ["_result", 4, [null, 1]],
  },
  {
    name: "publish",
    section: "RTMP 1.0 §7.2.2.6",
    wire: wire(`${STRING("publish")} 00 40 14 00*6 ${NULL} ${STRING("KEY")} ${STRING("live")}`),
    value: ["publish", 5, [null, "KEY", "live"]],
  },
  {
    name: "play from -2 s, live or recorded",
    section: "RTMP 1.0 §7.2.2.1",
    wire: wire(`${STRING("play")} 00*9 ${NULL} ${STRING("name")} 00 c0 9f 40 00*5`),
    value: ["play", 0, [null, "name", -2000]],
  },
  {
    name: "pause",
    section: "RTMP 1.0 §7.2.2.8",
    wire: wire(`${STRING("pause")} 00*9 ${NULL} 01 01 00*9`),
    value: ["pause", 0, [null, true, 0]],
  },
  {
    name: "deleteStream",
    section: "RTMP 1.0 §7.2.2.3",
    wire: wire(`${STRING("deleteStream")} 00*9 ${NULL} ${ONE}`),
    value: ["deleteStream", 0, [null, 1]],
  },
  {
    name: "releaseStream of rtmp2sink: transaction 0",
    section: "FMLE",
    wire: wire(`${STRING("releaseStream")} 00*9 ${NULL} ${STRING("KEY")}`),
    value: ["releaseStream", 0, [null, "KEY"]],
  },
];

describe("commands", () => {
  for (const { name, section, wire, value } of VECTORS) {
    test(`${name} (${section})`, () => {
      const [commandName, transactionId, args] = value;
      expect(decodeCommand(message(wire), LIMITS)).toEqual({ name: commandName, transactionId, args, streamId: 0 });
      expect(toHex(encodeCommand(commandName, transactionId, args).payload)).toBe(toHex(wire));
      // §7.1.1: type 17 is the same behind a zero byte.
      const amf3 = message(Uint8Array.of(0, ...wire), MessageType.commandAmf3);
      expect(decodeCommand(amf3, LIMITS)).toEqual({ name: commandName, transactionId, args, streamId: 0 });
    });
  }

  test("type 17 that switches one argument to AMF3", () => {
    const body = wire(`00 ${STRING("connect")} ${ONE} 11 0a 0b 01 07 "app" 06 09 "live" 01`);
    expect(readConnect(decodeCommand(message(body, MessageType.commandAmf3), LIMITS)).app).toBe("live");
  });

  test("a transaction id that is left out or null is 0", () => {
    expect(decodeCommand(message(wire(STRING("play"))), LIMITS).transactionId).toBe(0);
    expect(decodeCommand(message(wire(`${STRING("play")} 05`)), LIMITS).transactionId).toBe(0);
  });

  test.each([
    ["", "nothing"],
    [ONE, "a number first"],
    [NULL, "null first"],
  ])("malformed: %s", (body) => {
    expect(codeOf(() => decodeCommand(message(wire(body)), LIMITS))).toBe("command.malformed");
  });
});

describe("connect", () => {
  const read = (object: AmfValue) => readConnect({ name: "connect", transactionId: 1, args: [object], streamId: 0 });

  test("missing and mistyped members read as empty", () => {
    const empty = { app: "", tcUrl: "", flashVer: "", swfUrl: "", pageUrl: "", capsEx: 0 };
    for (const object of [null, undefined, 5, [], { app: 5, tcUrl: null, flashVer: {}, capsEx: "1" }])
      expect(read(object)).toEqual(empty);
  });

  test.each([
    ["live", "live"],
    ["live/", "live"],
    ["//live", "live"],
    ["live?a=/b/", "live"],
    ["a/b", "a/b"],
    ["///", ""],
  ])("app %s is %s", (sent, app) => {
    expect(read({ app: sent }).app).toBe(app);
  });

  test("an app of 60,000 slashes costs one pass", () => {
    const started = performance.now();
    expect(read({ app: `${"/".repeat(60_000)}x${"/".repeat(60_000)}x` }).app).toHaveLength(60_002);
    // Quadratic took seconds; this bound is far from both.
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("the result offers E-RTMP v2: fourCcList, info maps, capsEx", () => {
    const { args } = decodeCommand(encodeConnectResult(1), LIMITS);
    const video = { avc1: 4, hvc1: 4, av01: 4, vp09: 4 };
    const audio = { mp4a: 4, Opus: 4, fLaC: 4, "ac-3": 4, "ec-3": 4, ".mp3": 4 };
    expect(args[1]).toEqual({
      level: "status",
      code: "NetConnection.Connect.Success",
      description: "Connection succeeded.",
      objectEncoding: 0,
      fourCcList: [...Object.keys(video), ...Object.keys(audio)],
      videoFourCcInfoMap: video,
      audioFourCcInfoMap: audio,
      capsEx: 7,
    });
  });
});

describe("status", () => {
  const status = { level: "error", code: "NetStream.Publish.BadName", description: "No." } as const;
  const information = `03 ${KEY("level")} ${STRING("error")} ${KEY("code")} ${STRING(status.code)} ${KEY("description")} ${STRING("No.")} 00 00 09`;
  test("onStatus: transaction 0, null, information (RTMP 1.0 §7.2.2)", () => {
    const { payload, streamId } = encodeOnStatus(status, 3);
    expect(streamId).toBe(3);
    expect(toHex(payload)).toBe(toHex(wire(`${STRING("onStatus")} 00*9 05 ${information}`)));
  });
  test("_error repeats the transaction (RTMP 1.0 §7.2.1.2)", () => {
    expect(toHex(encodeError(1, status).payload)).toBe(toHex(wire(`${STRING("_error")} ${ONE} 05 ${information}`)));
  });
});
