/** Control, user control, data and aggregate messages, written from RTMP 1.0 §5.4, §7.1.2, §7.1.6 and §7.1.7. `wire` is the body. */
import type { Message } from "../../src/rtmp/chunk/header.ts";
import { MessageType } from "../../src/rtmp/chunk/header.ts";
import {
  BandwidthLimit,
  encodeAbort,
  encodeAcknowledgement,
  encodeSetChunkSize,
  encodeSetPeerBandwidth,
  encodeWindowAcknowledgementSize,
  type UserControlEvent,
} from "../../src/rtmp/message/control.ts";
import { type Vector, wire } from "./wire.ts";

export const CONTROL_VECTORS: readonly (Vector<number> & { readonly typeId: number; readonly encoded: Message })[] = [
  {
    name: "Set Chunk Size",
    section: "RTMP 1.0 §5.4.1",
    typeId: 1,
    wire: wire("00 00 10 00"),
    value: 4096,
    encoded: encodeSetChunkSize(4096),
  },
  {
    name: "Abort",
    section: "RTMP 1.0 §5.4.2",
    typeId: 2,
    wire: wire("00 00 00 06"),
    value: 6,
    encoded: encodeAbort(6),
  },
  {
    name: "Acknowledgement",
    section: "RTMP 1.0 §5.4.3",
    typeId: 3,
    wire: wire("ff ff ff ff"),
    value: 0xffffffff,
    encoded: encodeAcknowledgement(0xffffffff),
  },
  {
    name: "Acknowledgement past 2^32",
    section: "RTMP 1.0 §5.4.3",
    typeId: 3,
    wire: wire("00 00 00 05"),
    value: 5,
    encoded: encodeAcknowledgement(2 ** 32 + 5),
  },
  {
    name: "Window Acknowledgement Size",
    section: "RTMP 1.0 §5.4.4",
    typeId: 5,
    wire: wire("00 26 25 a0"),
    value: 2_500_000,
    encoded: encodeWindowAcknowledgementSize(2_500_000),
  },
  {
    name: "Set Peer Bandwidth, dynamic",
    section: "RTMP 1.0 §5.4.5",
    typeId: 6,
    wire: wire("00 26 25 a0 02"),
    value: 2_500_000,
    encoded: encodeSetPeerBandwidth(2_500_000, BandwidthLimit.dynamic),
  },
];

export const USER_CONTROL_VECTORS: readonly Vector<UserControlEvent>[] = [
  { name: "Stream Begin", section: "RTMP 1.0 §7.1.7", wire: wire("00 00  00 00 00 01"), value: { type: 0, value: 1 } },
  { name: "Stream EOF", section: "RTMP 1.0 §7.1.7", wire: wire("00 01  00 00 00 01"), value: { type: 1, value: 1 } },
  { name: "Stream Dry", section: "RTMP 1.0 §7.1.7", wire: wire("00 02  00 00 00 01"), value: { type: 2, value: 1 } },
  {
    name: "Set Buffer Length",
    section: "RTMP 1.0 §7.1.7",
    wire: wire("00 03  00 00 00 01  00 00 0b b8"),
    value: { type: 3, value: 1, bufferLength: 3000 },
  },
  {
    name: "Stream Is Recorded",
    section: "RTMP 1.0 §7.1.7",
    wire: wire("00 04  00 00 00 01"),
    value: { type: 4, value: 1 },
  },
  {
    name: "Ping Request",
    section: "RTMP 1.0 §7.1.7",
    wire: wire("00 06  ff ff ff ff"),
    value: { type: 6, value: 0xffffffff },
  },
  {
    name: "Ping Response",
    section: "RTMP 1.0 §7.1.7",
    wire: wire("00 07  00 00 04 d2"),
    value: { type: 7, value: 1234 },
  },
];

const message = (typeId: number, timestamp: number, payload: string): Message => ({
  typeId,
  streamId: 1,
  timestamp,
  payload: wire(payload),
});

/** `wire` is the aggregate's body, `at` its own timestamp. */
export const AGGREGATE_VECTORS: readonly (Vector<readonly Message[]> & { readonly at: number })[] = [
  {
    name: "inner times are moved so that the first has the aggregate's",
    section: "RTMP 1.0 §7.1.6",
    at: 5000,
    wire: wire(`
      08  00 00 02  00 00 64  00  00 00 00  af 01   00 00 00 0d   // audio at 100
      09  00 00 01  00 00 78  00  00 00 00  17      00 00 00 0c`), // video at 120
    value: [message(8, 5000, "af 01"), message(9, 5020, "17")],
  },
  {
    name: "the fourth timestamp byte is the highest, and times wrap",
    section: "RTMP 1.0 §7.1.6",
    at: 0xffffffff,
    wire: wire(`
      08  00 00 00  ff ff fe  ff  00 00 00   00 00 00 0b
      08  00 00 00  00 00 02  00  00 00 00   00 00 00 0b`),
    value: [message(8, 0xffffffff, ""), message(8, 3, "")],
  },
  {
    name: "the last back pointer may be missing",
    section: "RTMP 1.0 §7.1.6",
    at: 0,
    wire: wire("12  00 00 01  00 00 00  00  00 00 00  05"),
    value: [message(18, 0, "05")],
  },
  { name: "nothing inside", section: "RTMP 1.0 §7.1.6", at: 0, wire: wire(""), value: [] },
];

export const AGGREGATE_VIOLATIONS = [
  { name: "header cut off", wire: wire("08 00 00 02 00") },
  { name: "a body longer than the rest", wire: wire("08  ff ff ff  00 00 00  00  00 00 00  af") },
  { name: "back pointer cut off", wire: wire("08  00 00 00  00 00 00  00  00 00 00  00 00") },
] as const;

/** `wire`: the message's body; `value`: the script tag body to keep, null for none. */
export const DATA_VECTORS: readonly (Vector<Uint8Array | null> & { readonly typeId: number })[] = [
  {
    name: "@setDataFrame is taken off",
    section: "RTMP 1.0 §7.1.2",
    typeId: MessageType.dataAmf0,
    wire: wire(`02 00 0d "@setDataFrame"  02 00 0a "onMetaData"  05`),
    value: wire(`02 00 0a "onMetaData"  05`),
  },
  {
    name: "without @setDataFrame",
    section: "RTMP 1.0 §7.1.2",
    typeId: MessageType.dataAmf0,
    wire: wire(`02 00 0a "onMetaData"  05`),
    value: wire(`02 00 0a "onMetaData"  05`),
  },
  {
    name: "AMF3 data: the format byte goes",
    section: "RTMP 1.0 §7.1.2",
    typeId: MessageType.dataAmf3,
    wire: wire(`00  02 00 0d "@setDataFrame"  02 00 01 "x"`),
    value: wire(`02 00 01 "x"`),
  },
  {
    name: "@clearDataFrame",
    section: "RTMP 1.0 §7.1.2",
    typeId: MessageType.dataAmf0,
    wire: wire(`02 00 0f "@clearDataFrame"  02 00 0a "onMetaData"`),
    value: null,
  },
  { name: "an empty body", section: "RTMP 1.0 §7.1.2", typeId: MessageType.dataAmf0, wire: wire(""), value: wire("") },
];
