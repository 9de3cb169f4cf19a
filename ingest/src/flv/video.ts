/**
 * Video tag headers: classic FLV (Adobe FLV 10.1 §E.4.3) and E-RTMP v2 "Enhanced Video".
 *
 * classic: FrameType(4 bits) CodecID(4) [AVCPacketType(8) CompositionTime(24, signed)]
 * enhanced: IsExHeader(1) FrameType(3) PacketType(4), then `enhanced.ts`
 */
import { type EnhancedTrack, PacketType, readEnhancedHeader, skipModEx } from "./enhanced.ts";
import type { Codec } from "./fourcc.ts";

/** E-RTMP v2 VideoPacketType. */
export const VideoPacketType = {
  ...PacketType,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
  modEx: 7,
} as const;

export const FrameType = { key: 1, inter: 2, disposableInter: 3, generatedKey: 4, command: 5 } as const;

export type VideoPacket = "config" | "frame" | "end" | "metadata" | "command";

export interface VideoHeader {
  readonly packet: VideoPacket;
  readonly isKeyframe: boolean;
  readonly isEnhanced: boolean;
  readonly isMultitrack: boolean;
  readonly codec: Codec;
  /** Presentation minus decode time in milliseconds; the first track's. */
  readonly compositionTime: number;
  readonly trackId: number;
  /** Where the codec's own bytes begin in the tag body. */
  readonly dataOffset: number;
}

const CLASSIC_CODEC: Readonly<Record<number, Codec>> = {
  7: "avc1",
  // Not in Adobe's table: Chinese CDNs and their encoders, from before E-RTMP.
  12: "hvc1",
  13: "av01",
};

const signed24 = (body: Uint8Array, at: number): number =>
  ((body[at]! << 24) | (body[at + 1]! << 16) | (body[at + 2]! << 8)) >> 8;

/** Reads the header of a video tag body; null when it is malformed (an empty or cut body). */
export function readVideoHeader(body: Uint8Array): VideoHeader | null {
  if (body.length === 0) return null;
  const first = body[0]!;
  return (first & 0x80) !== 0 ? readEnhanced(body) : readClassic(body, first);
}

function readClassic(body: Uint8Array, first: number): VideoHeader | null {
  const frameType = first >> 4;
  const codec = CLASSIC_CODEC[first & 0x0f] ?? "unsupported";
  const isKeyframe = frameType === FrameType.key;
  const common = { isEnhanced: false, isMultitrack: false, codec, trackId: 0 };
  if (frameType === FrameType.command)
    return { ...common, packet: "command", isKeyframe: false, compositionTime: 0, dataOffset: 1 };
  if (codec === "unsupported") return { ...common, packet: "frame", isKeyframe, compositionTime: 0, dataOffset: 1 };
  if (body.length < 5) return null;
  const packetType = body[1]!;
  const packet = packetType === 0 ? "config" : packetType === 1 ? "frame" : "end";
  return {
    ...common,
    packet,
    isKeyframe: isKeyframe && packet === "frame",
    compositionTime: signed24(body, 2),
    dataOffset: 5,
  };
}

function readEnhanced(body: Uint8Array): VideoHeader | null {
  const frameType = (body[0]! >> 4) & 0x07;
  if (frameType === FrameType.command) {
    // E-RTMP v2: a command frame is one byte and has no FourCC, unless it is a Metadata packet.
    const at = skipModEx(body, VideoPacketType.modEx);
    if (at < 0 || at >= body.length) return null;
    if ((body[at - 1]! & 0x0f) !== VideoPacketType.metadata) return command(at);
  }
  const header = readEnhancedHeader(body, VideoPacketType.multitrack, VideoPacketType.modEx);
  if (header === null) return null;
  const track = header.tracks[0]!;
  const packet = enhancedPacket(header.packetType);
  if (packet === null) return null;
  // E-RTMP v2: CodedFrames of avc1 and hvc1 carry a composition time, CodedFramesX means zero.
  const hasTime =
    header.packetType === VideoPacketType.codedFrames && (track.codec === "avc1" || track.codec === "hvc1");
  if (hasTime && track.start + 3 > track.end) return null;
  return {
    packet,
    isKeyframe: packet === "frame" && frameType === FrameType.key,
    isEnhanced: true,
    isMultitrack: header.multitrack,
    codec: track.codec,
    compositionTime: hasTime ? signed24(body, track.start) : 0,
    trackId: track.trackId,
    dataOffset: track.start + (hasTime ? 3 : 0),
  };
}

function command(dataOffset: number): VideoHeader {
  return {
    packet: "command",
    isKeyframe: false,
    isEnhanced: true,
    isMultitrack: false,
    codec: "unsupported",
    compositionTime: 0,
    trackId: 0,
    dataOffset,
  };
}

function enhancedPacket(packetType: number): VideoPacket | null {
  switch (packetType) {
    case VideoPacketType.metadata:
      return "metadata";
    case VideoPacketType.sequenceStart:
    case VideoPacketType.mpeg2TsSequenceStart:
      return "config";
    case VideoPacketType.codedFrames:
    case VideoPacketType.codedFramesX:
      return "frame";
    case VideoPacketType.sequenceEnd:
      return "end";
    default:
      return null;
  }
}

/** All tracks of an enhanced video tag, parsed to the end; null when it is not enhanced or malformed. */
export function readVideoTracks(body: Uint8Array): readonly EnhancedTrack[] | null {
  if (body.length === 0 || (body[0]! & 0x80) === 0) return null;
  return readEnhancedHeader(body, VideoPacketType.multitrack, VideoPacketType.modEx)?.tracks ?? null;
}

/** The composition time of a frame's tag body, without reading the rest of its header: 0 where it has none, and for multitrack and ModEx framing. */
export function readCompositionTime(body: Uint8Array): number {
  if (body.length < 8) return 0;
  const first = body[0]!;
  if ((first & 0x80) === 0) {
    const codec = first & 0x0f;
    return codec === 7 || codec === 12 || codec === 13 ? signed24(body, 2) : 0;
  }
  // "avc1" and "hvc1" alone have it (E-RTMP v2), and both end in "vc1".
  const hasTime = (first & 0x0f) === VideoPacketType.codedFrames && body[2] === 0x76 && body[3] === 0x63;
  return hasTime ? signed24(body, 5) : 0;
}
