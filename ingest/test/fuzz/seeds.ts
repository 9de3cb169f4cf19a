/** Sessions, without their handshake, that mutations begin from. Short, and rich in different messages. */
import { encodeAmf0 } from "../../src/rtmp/amf0/encode.ts";
import { encodeAmf3 } from "../../src/rtmp/amf3/encode.ts";
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import {
  encodeAbort,
  encodeSetChunkSize,
  encodeSetPeerBandwidth,
  encodeUserControl,
  encodeWindowAcknowledgementSize,
} from "../../src/rtmp/message/control.ts";
import { setDataFrame } from "../../src/rtmp/message/data.ts";
import { openCapture } from "../open-capture.ts";
import * as peer from "../server/peer-bytes.ts";
import { AMF3_VECTORS } from "../vectors/amf3.ts";
import { CHUNK_VECTORS } from "../vectors/chunk.ts";
import { AUDIO_VECTORS } from "../vectors/flv-audio.ts";
import { VIDEO_VECTORS } from "../vectors/flv-video.ts";
import { concat, wire } from "../vectors/wire.ts";

const HANDSHAKE_SIZE = 1 + 2 * 1536;
const start = concat(peer.connect(), peer.createStream(), peer.publish("KEY"));
const control = (message: Parameters<typeof encodeMessage>[0]) => encodeMessage(message, 2, 128);
const metadata = encodeAmf0(["onMetaData", new Map<string, number>([["width", 640]])]);

/** A command in AMF3 form: one zero byte, AMF0 that switches to AMF3. */
const amf3Command = encodeMessage(
  {
    typeId: 17,
    streamId: 0,
    timestamp: 0,
    payload: concat(
      wire(`00  02 0007 "connect"  00 3ff0000000000000  11`),
      encodeAmf3({ app: "live", list: [1, "a", new Date(0)] }),
    ),
  },
  3,
  128,
);

const aggregate = encodeMessage(
  {
    typeId: 22,
    streamId: 1,
    timestamp: 5000,
    payload: wire("08 000002 000064 00 000000 af01 0000000d  09 000006 000078 00 000000 170100000065 00000011"),
  },
  5,
  128,
);

const commands = concat(
  peer.connect(),
  peer.command("releaseStream", 0, [null, "KEY"]),
  peer.command("FCPublish", 3, [null, "KEY"]),
  peer.createStream(),
  peer.command("getStreamLength", 5, [null, "x"]),
  peer.command("_checkbw", 6, [null]),
  peer.command("noSuchMethod", 7, [null, [1, { a: "b" }]]),
  peer.play("NAME?x=1"),
  peer.command("pause", 0, [null, true, 0], 1),
  peer.command("closeStream", 0, [null], 1),
  peer.publish("KEY"),
  peer.command("FCUnpublish", 8, [null, "KEY"]),
  peer.command("deleteStream", 0, [null, "KEY"]),
);

const media = concat(
  start,
  peer.data(0, setDataFrame(metadata)),
  ...VIDEO_VECTORS.filter((v) => v.wire.length < 100).map((v, i) => peer.video(i * 40, v.wire)),
  ...AUDIO_VECTORS.filter((v) => v.wire.length < 100).map((v, i) => peer.audio(0xfffff0 + i, v.wire)),
);

const controls = concat(
  start,
  control(encodeWindowAcknowledgementSize(1000)),
  control(encodeSetPeerBandwidth(2_500_000, 2)),
  control(encodeUserControl({ type: 3, value: 1, bufferLength: 3000 })),
  control(encodeUserControl({ type: 6, value: 77 })),
  peer.video(0, peer.avcFrame(true, 300)),
  control(encodeAbort(6)),
  control(encodeSetChunkSize(4096)),
  peer.video(40, peer.avcFrame(false, 900), 4096),
  aggregate,
);

const chunks = CHUNK_VECTORS.filter((v) => v.wire.length < 700).map((v) => concat(start, v.wire));
const values = AMF3_VECTORS.map((v) =>
  encodeMessage(
    { typeId: 17, streamId: 0, timestamp: 0, payload: concat(wire(`00 02 0001 "x" 00 00*8 11`), v.wire) },
    3,
    128,
  ),
);

export async function fuzzSeeds(): Promise<Uint8Array[]> {
  const captures = await Promise.all((["obs", "librtmp"] as const).map(openCapture));
  return [
    ...captures.map((capture) => capture.bytes.slice(HANDSHAKE_SIZE, HANDSHAKE_SIZE + 3_000)),
    concat(amf3Command, ...values),
    commands,
    media,
    controls,
    ...chunks,
  ];
}
