/**
 * Audio tag headers: classic FLV (Adobe FLV 10.1 §E.4.2) and E-RTMP v2 "Enhanced Audio".
 *
 * classic: SoundFormat(4 bits) SoundRate(2) SoundSize(1) SoundType(1) [AACPacketType(8)]
 * enhanced: SoundFormat = 9 (4 bits) AudioPacketType(4), then `enhanced.ts`
 */
import { type EnhancedTrack, PacketType, readEnhancedHeader } from "./enhanced.ts";
import type { Codec } from "./fourcc.ts";

/** E-RTMP v2 AudioPacketType. */
export const AudioPacketType = { ...PacketType, multichannelConfig: 4, multitrack: 5, modEx: 7 } as const;
const ENHANCED_FORMAT = 9;
const AAC_FORMAT = 10;

export type AudioPacket = "config" | "frame" | "end" | "metadata";

export interface AudioHeader {
  readonly packet: AudioPacket;
  readonly isEnhanced: boolean;
  readonly isMultitrack: boolean;
  readonly codec: Codec;
  readonly trackId: number;
  readonly dataOffset: number;
}

const CLASSIC_CODEC: Readonly<Record<number, Codec>> = { 2: ".mp3", 10: "mp4a", 13: "Opus", 14: ".mp3" };

/** Reads the header of an audio tag body; null when it is malformed. An empty body (OBS sends one at the end) is malformed too. */
export function readAudioHeader(body: Uint8Array): AudioHeader | null {
  if (body.length === 0) return null;
  const format = body[0]! >> 4;
  if (format === ENHANCED_FORMAT) return readEnhanced(body);
  const codec = CLASSIC_CODEC[format] ?? "unsupported";
  const common = { isEnhanced: false, isMultitrack: false, codec, trackId: 0 };
  if (format !== AAC_FORMAT) return { ...common, packet: "frame", dataOffset: 1 };
  if (body.length < 2) return null;
  return { ...common, packet: body[1] === 0 ? "config" : "frame", dataOffset: 2 };
}

function readEnhanced(body: Uint8Array): AudioHeader | null {
  const header = readEnhancedHeader(body, AudioPacketType.multitrack, AudioPacketType.modEx);
  if (header === null) return null;
  const track = header.tracks[0]!;
  const packet = enhancedPacket(header.packetType);
  if (packet === null) return null;
  return {
    packet,
    isEnhanced: true,
    isMultitrack: header.multitrack,
    codec: track.codec,
    trackId: track.trackId,
    dataOffset: track.start,
  };
}

function enhancedPacket(packetType: number): AudioPacket | null {
  switch (packetType) {
    case AudioPacketType.sequenceStart:
      return "config";
    case AudioPacketType.multichannelConfig:
      // Speaker positions beside the decoder's configuration, which it must not replace in a cache.
      return "metadata";
    case AudioPacketType.codedFrames:
      return "frame";
    case AudioPacketType.sequenceEnd:
      return "end";
    default:
      return null;
  }
}

/** All tracks of an enhanced audio tag, parsed to the end; null when it is not enhanced or malformed. */
export function readAudioTracks(body: Uint8Array): readonly EnhancedTrack[] | null {
  if (body.length === 0 || body[0]! >> 4 !== ENHANCED_FORMAT) return null;
  return readEnhancedHeader(body, AudioPacketType.multitrack, AudioPacketType.modEx)?.tracks ?? null;
}
