/** Chunk stream vectors, written from RTMP 1.0 §5.3 and §5.4. */
import type { Message } from "../../src/rtmp/chunk/header.ts";
import { type Vector, wire } from "./wire.ts";

export interface ChunkVector extends Vector<readonly Message[]> {
  /** Set when the encoder must print exactly this: one message on this chunk stream. */
  readonly encode?: { readonly csid: number; readonly chunkSize: number };
}

const filled = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);
const message = (typeId: number, streamId: number, timestamp: number, payload: Uint8Array | string): Message => ({
  typeId,
  streamId,
  timestamp,
  payload: typeof payload === "string" ? wire(payload) : payload,
});

/** §5.3.1.1: the basic header's three forms, at their edges. */
const BASIC_HEADERS = (
  [
    ["csid 2, one byte", 2, "02"],
    ["csid 63, the last of one byte", 63, "3f"],
    ["csid 64, the first of two bytes", 64, "00 00"],
    ["csid 319, the last of two bytes", 319, "00 ff"],
    ["csid 320, the first that needs three bytes: 64 + 0 + 1 * 256", 320, "01 00 01"],
    ["csid 65599, the last: 64 + 255 + 255 * 256", 65599, "01 ff ff"],
  ] as const
).map(
  ([name, csid, basic]): ChunkVector => ({
    name,
    section: "RTMP 1.0 §5.3.1.1",
    wire: wire(`
      ${basic}       // basic header, fmt 0
      00 00 0a       // timestamp 10
      00 00 02       // message length 2
      08             // audio
      01 00 00 00    // message stream id 1, little-endian
      af 01          // payload`),
    value: [message(8, 1, 10, "af 01")],
    encode: { csid, chunkSize: 128 },
  }),
);

const HEADERS: readonly ChunkVector[] = [
  {
    name: "csid 64 in the three-byte form is the same chunk stream as in two bytes",
    section: "RTMP 1.0 §5.3.1.1",
    wire: wire(`
      00 00  00 00 0a  00 00 02  08  01 00 00 00  11 22   // fmt 0 in two bytes
      c1 00 00  33 44                                     // fmt 3 in three: continues what fmt 0 said`),
    value: [message(8, 1, 10, "11 22"), message(8, 1, 20, "33 44")],
  },
  {
    name: "fmt 0, then 1, 2 and 3: deltas add up, length, type and stream id are inherited",
    section: "RTMP 1.0 §5.3.1.2",
    wire: wire(`
      04  00 03 e8  00 00 03  12  02 01 00 00  61 62 63   // fmt 0: timestamp 1000, stream id 0x102
      44  00 00 14  00 00 02  09  64 65                   // fmt 1: +20, length 2, video
      84  00 00 15  66 67                                 // fmt 2: +21
      c4  68 69                                           // fmt 3: +21 again, a new message`),
    value: [
      message(0x12, 0x102, 1000, "61 62 63"),
      message(9, 0x102, 1020, "64 65"),
      message(9, 0x102, 1041, "66 67"),
      message(9, 0x102, 1062, "68 69"),
    ],
  },
  {
    name: "fmt 3 that begins a message after fmt 0 adds that header's timestamp",
    section: "RTMP 1.0 §5.3.1.2.4",
    wire: wire(`
      05  00 00 64  00 00 01  08  01 00 00 00  aa
      c5  bb`),
    value: [message(8, 1, 100, "aa"), message(8, 1, 200, "bb")],
  },
  {
    name: "the message stream id is little-endian and has 32 bits",
    section: "RTMP 1.0 §5.3.1.2.1",
    wire: wire("03  00 00 00  00 00 01  08  04 03 02 f1  aa"),
    value: [message(8, 0xf1020304, 0, "aa")],
    encode: { csid: 3, chunkSize: 128 },
  },
  {
    name: "an empty message is a header and nothing else",
    section: "RTMP 1.0 §5.3.1.2",
    wire: wire(`
      04  00 00 05  00 00 00  08  01 00 00 00
      c4
      04  00 00 07  00 00 01  08  01 00 00 00  aa`),
    value: [message(8, 1, 5, ""), message(8, 1, 10, ""), message(8, 1, 7, "aa")],
  },
  {
    name: "a message of one byte more than the chunk size",
    section: "RTMP 1.0 §5.3.2.2",
    wire: wire(`
      06  00 00 01  00 00 81  09  01 00 00 00  61*128
      c6  61`),
    value: [message(9, 1, 1, filled(0x61, 129))],
    encode: { csid: 6, chunkSize: 128 },
  },
  {
    name: "§5.3.2.2 example: 307 bytes in chunks of 128, 128 and 51",
    section: "RTMP 1.0 §5.3.2.2",
    wire: wire(`
      04  00 03 e8  00 01 33  09  39 30 00 00  62*128     // stream id 12345
      c4  62*128
      c4  62*51`),
    value: [message(9, 12345, 1000, filled(0x62, 307))],
    encode: { csid: 4, chunkSize: 128 },
  },
  {
    name: "fmt 1 opens a chunk stream (librtmp's control messages): delta from 0, stream id 0",
    section: "RTMP 1.0 §5.3.1.2.2",
    wire: wire("42  00 00 00  00 00 04  05  00 26 25 a0"),
    value: [message(5, 0, 0, "00 26 25 a0")],
  },
  {
    name: "messages of three chunk streams interleaved",
    section: "RTMP 1.0 §5.3.1",
    wire: wire(`
      04  00 00 01  00 00 82  12  01 00 00 00  64*128     // data begins
      06  00 00 02  00 01 01  09  01 00 00 00  76*128     // video begins
      05  00 00 03  00 00 02  08  01 00 00 00  61 61      // audio, whole
      c6  76*128                                          // video goes on
      c4  64 64                                           // data ends
      c6  76                                              // video ends`),
    value: [message(8, 1, 3, "61 61"), message(0x12, 1, 1, filled(0x64, 130)), message(9, 1, 2, filled(0x76, 257))],
  },
];

/** §5.3.1.3: the extended timestamp, which fmt 3 repeats. */
const EXTENDED: readonly ChunkVector[] = [
  {
    name: "0xFFFFFE is the last timestamp of three bytes",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire("04  ff ff fe  00 00 81  09  01 00 00 00  61*128  c4  61"),
    value: [message(9, 1, 0xfffffe, filled(0x61, 129))],
    encode: { csid: 4, chunkSize: 128 },
  },
  ...([0xffffff, 0x1000000, 0xffffffff] as const).map((timestamp): ChunkVector => {
    const field = timestamp.toString(16).padStart(8, "0");
    return {
      name: `timestamp 0x${field} needs the extended field, on fmt 3 too`,
      section: "RTMP 1.0 §5.3.1.3",
      wire: wire(`04  ff ff ff  00 00 81  09  01 00 00 00  ${field}  61*128  c4  ${field}  61`),
      value: [message(9, 1, timestamp, filled(0x61, 129))],
      encode: { csid: 4, chunkSize: 128 },
    };
  }),
  {
    name: "fmt 3 without the repeated field (old encoders): its bytes are payload",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire(`
      04  ff ff ff  00 00 86  09  01 00 00 00  01 00 00 00  61*128
      c4  61*6
      02  00 00 00  00 00 04  03  00 00 00 00  00 00 00 01`),
    value: [message(9, 1, 0x1000000, filled(0x61, 134)), message(3, 0, 0, "00 00 00 01")],
  },
  {
    name: "fmt 3 without the repeated field, a last chunk shorter than the field",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire("04  ff ff ff  00 00 81  09  01 00 00 00  01 00 00 00  61*128  c4  61"),
    value: [message(9, 1, 0x1000000, filled(0x61, 129))],
  },
  {
    name: "fmt 3 without the repeated field, payload that begins like it",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire("04  ff ff ff  00 00 84  09  01 00 00 00  01 00 00 00  61*128  c4  01 00 00 61"),
    value: [message(9, 1, 0x1000000, Uint8Array.from([...filled(0x61, 128), 1, 0, 0, 0x61]))],
  },
  {
    name: "an extended delta, repeated on the fmt 3 that begins the next message",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire(`
      04  00 00 01  00 00 01  09  01 00 00 00  61
      84  ff ff ff  01 00 00 00  62                       // fmt 2, delta 0x1000000
      c4  01 00 00 00  63`),
    value: [message(9, 1, 1, "61"), message(9, 1, 0x1000001, "62"), message(9, 1, 0x2000001, "63")],
  },
  {
    name: "a header of three bytes ends the extended field of the one before",
    section: "RTMP 1.0 §5.3.1.3",
    wire: wire(`
      04  ff ff ff  00 00 01  09  01 00 00 00  01 00 00 00  61
      84  00 00 05  62
      c4  63`),
    value: [message(9, 1, 0x1000000, "61"), message(9, 1, 0x1000005, "62"), message(9, 1, 0x100000a, "63")],
  },
  {
    name: "deltas wrap 2^32",
    section: "RTMP 1.0 §5.3.1.2.1",
    wire: wire(`
      04  ff ff ff  00 00 01  09  01 00 00 00  ff ff ff fe  61
      84  00 00 03  62`),
    value: [message(9, 1, 0xfffffffe, "61"), message(9, 1, 1, "62")],
  },
];

/** §5.4.1 and §5.4.2 are obeyed by the decoder itself, at their exact byte. */
const CONTROL: readonly ChunkVector[] = [
  {
    name: "Set Chunk Size between two chunks of a message holds from its next chunk on",
    section: "RTMP 1.0 §5.4.1",
    wire: wire(`
      06  00 00 00  00 01 2c  09  01 00 00 00  76*128     // 300 bytes of video begin in chunks of 128
      02  00 00 00  00 00 04  01  00 00 00 00  00 00 00 a0
      c6  76*160                                          // 160 from here on
      c6  76*12`),
    value: [message(1, 0, 0, "00 00 00 a0"), message(9, 1, 0, filled(0x76, 300))],
  },
  {
    name: "Set Chunk Size down to 1, the least allowed",
    section: "RTMP 1.0 §5.4.1",
    wire: wire(`
      02  00 00 00  00 00 04  01  00 00 00 00  00 00 00 01
      04  00 00 00  00 00 03  08  01 00 00 00  61
      c4  62
      c4  63`),
    value: [message(1, 0, 0, "00 00 00 01"), message(8, 1, 0, "61 62 63")],
  },
  {
    name: "Set Chunk Size up to 0x7FFFFFFF, the most allowed",
    section: "RTMP 1.0 §5.4.1",
    wire: wire(`
      02  00 00 00  00 00 04  01  00 00 00 00  7f ff ff ff
      04  00 00 00  00 01 2c  08  01 00 00 00  61*300`),
    value: [message(1, 0, 0, "7f ff ff ff"), message(8, 1, 0, filled(0x61, 300))],
  },
  {
    name: "Abort drops one chunk stream's partial message and no other",
    section: "RTMP 1.0 §5.4.2",
    wire: wire(`
      06  00 00 00  00 00 82  09  01 00 00 00  76*128     // will be dropped
      04  00 00 00  00 00 82  12  01 00 00 00  64*128     // will be finished
      02  00 00 00  00 00 04  02  00 00 00 00  00 00 00 06
      c4  64 64
      c6  77*128                                          // a new message with the header that stayed
      c6  77 77`),
    value: [
      message(2, 0, 0, "00 00 00 06"),
      message(0x12, 1, 0, filled(0x64, 130)),
      message(9, 1, 0, filled(0x77, 130)),
    ],
  },
  {
    name: "Abort of a chunk stream that is unknown or between messages does nothing",
    section: "RTMP 1.0 §5.4.2",
    wire: wire(`
      02  00 00 00  00 00 04  02  00 00 00 00  00 01 00 3f
      04  00 00 09  00 00 01  08  01 00 00 00  61
      02  00 00 00  00 00 04  02  00 00 00 00  00 00 00 04
      c4  62`),
    value: [
      message(2, 0, 0, "00 01 00 3f"),
      message(8, 1, 9, "61"),
      message(2, 0, 0, "00 00 00 04"),
      message(8, 1, 18, "62"),
    ],
  },
  {
    name: "a full header inside a message gives that message up",
    section: "RTMP 1.0 §5.3.1.2",
    wire: wire(`
      06  00 00 00  00 00 82  09  01 00 00 00  76*128
      06  00 00 05  00 00 02  09  01 00 00 00  61 62`),
    value: [message(9, 1, 5, "61 62")],
  },
];

export const CHUNK_VECTORS: readonly ChunkVector[] = [...BASIC_HEADERS, ...HEADERS, ...EXTENDED, ...CONTROL];

/** Bytes that no stream may contain, and the code that says so. */
export const CHUNK_VIOLATIONS = [
  {
    name: "fmt 3 on a new chunk stream",
    section: "RTMP 1.0 §5.3.1.2.4",
    wire: wire("c4 61"),
    code: "chunk.no-previous-header",
  },
  {
    name: "fmt 2 on a new chunk stream",
    section: "RTMP 1.0 §5.3.1.2.3",
    wire: wire("84 00 00 00 61"),
    code: "chunk.no-previous-header",
  },
  {
    name: "chunk size 0",
    section: "RTMP 1.0 §5.4.1",
    wire: wire("02 000000 000004 01 00000000 00000000"),
    code: "chunk.size-invalid",
  },
  {
    name: "chunk size with the first bit set",
    section: "RTMP 1.0 §5.4.1",
    wire: wire("02 000000 000004 01 00000000 80000000"),
    code: "chunk.size-invalid",
  },
  {
    name: "Set Chunk Size of three bytes",
    section: "RTMP 1.0 §5.4.1",
    wire: wire("02 000000 000003 01 00000000 000080"),
    code: "message.malformed",
  },
  {
    name: "Abort of no bytes",
    section: "RTMP 1.0 §5.4.2",
    wire: wire("02 000000 000000 02 00000000"),
    code: "message.malformed",
  },
  {
    name: "a header of 0xFFFFFF bytes",
    section: "RTMP 1.0 §5.3.1.2.1",
    wire: wire("04 000000 ffffff 09 01000000"),
    code: "message.too-large",
  },
] as const;
