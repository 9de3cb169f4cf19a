/**
 * What enhanced audio and video tags share (E-RTMP v2): ModEx prefixes, Multitrack framing, the FourCC.
 * Pure reading; a body that is too short or contradicts itself yields null, "malformed".
 */
import { type Codec, readFourCc } from "./fourcc.ts";

/** PacketType values that audio and video have in common. */
export const PacketType = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2 } as const;
export const MultitrackType = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;

export interface EnhancedTrack {
  readonly trackId: number;
  readonly codec: Codec;
  /** Where the track's data begins and ends in the tag body. */
  readonly start: number;
  readonly end: number;
}

export interface EnhancedHeader {
  readonly packetType: number;
  readonly multitrack: boolean;
  readonly modEx: boolean;
  readonly tracks: readonly EnhancedTrack[];
}

/** Tracks one message may carry: the id is one byte. */
const MAX_TRACKS = 256;

/**
 * Passes over ModEx packets, which precede the real one and nest: size - 1 in one byte (255 = two bytes follow), data, then type and
 * next packet type. Returns where the byte behind the real packet type is, -1 when the body ends before it: the packet type
 * itself is the low half of the byte before that place.
 */
export function skipModEx(body: Uint8Array, modExPacket: number): number {
  let at = 1;
  while (at <= body.length && (body[at - 1]! & 0x0f) === modExPacket) {
    if (at >= body.length) return -1;
    let size = body[at]! + 1;
    at += 1;
    if (size === 256) {
      if (at + 2 > body.length) return -1;
      size = ((body[at]! << 8) | body[at + 1]!) + 1;
      at += 2;
    }
    at += size + 1;
  }
  return at <= body.length ? at : -1;
}

/** Parses from the first byte on. `multitrackPacket` and `modExPacket` are that media's numbers for those packet types. */
export function readEnhancedHeader(
  body: Uint8Array,
  multitrackPacket: number,
  modExPacket: number,
): EnhancedHeader | null {
  const at = skipModEx(body, modExPacket);
  if (at < 0) return null;
  const modEx = at > 1;
  let packetType = body[at - 1]! & 0x0f;
  if (packetType !== multitrackPacket) {
    if (at + 4 > body.length) return null;
    const track = { trackId: 0, codec: readFourCc(body, at), start: at + 4, end: body.length };
    return { packetType, multitrack: false, modEx, tracks: [track] };
  }
  if (at >= body.length) return null;
  const multitrackType = body[at]! >> 4;
  packetType = body[at]! & 0x0f;
  if (packetType === multitrackPacket || multitrackType > MultitrackType.manyTracksManyCodecs) return null;
  const tracks = readTracks(body, at + 1, multitrackType);
  return tracks === null ? null : { packetType, multitrack: true, modEx, tracks };
}

function readTracks(body: Uint8Array, from: number, multitrackType: number): EnhancedTrack[] | null {
  const tracks: EnhancedTrack[] = [];
  let at = from;
  let codec: Codec = "unsupported";
  if (multitrackType !== MultitrackType.manyTracksManyCodecs) {
    if (at + 4 > body.length) return null;
    codec = readFourCc(body, at);
    at += 4;
  }
  do {
    if (tracks.length >= MAX_TRACKS) return null;
    if (multitrackType === MultitrackType.manyTracksManyCodecs) {
      if (at + 4 > body.length) return null;
      codec = readFourCc(body, at);
      at += 4;
    }
    if (at >= body.length) return null;
    const trackId = body[at]!;
    at += 1;
    let end = body.length;
    if (multitrackType !== MultitrackType.oneTrack) {
      if (at + 3 > body.length) return null;
      const size = (body[at]! << 16) | (body[at + 1]! << 8) | body[at + 2]!;
      at += 3;
      end = at + size;
      if (end > body.length) return null;
    }
    tracks.push({ trackId, codec, start: at, end });
    at = end;
  } while (at < body.length);
  return tracks;
}
