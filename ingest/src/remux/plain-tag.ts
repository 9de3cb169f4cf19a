import { AudioPacketType, readAudioHeader, readAudioTracks } from "../flv/audio.ts";
import { readVideoHeader, readVideoTracks, VideoPacketType } from "../flv/video.ts";
import type { MediaTag } from "../live/media-tag.ts";

/**
 * An E-RTMP tag body in the plainest framing that its codec has: classic FLV for H.264, AAC and MP3, which every ffmpeg reads,
 * else a single-track tag without ModEx. A multitrack tag keeps its first track. Null when the body can't be read.
 */
export function plainBody(tag: MediaTag): Uint8Array | null {
  const { codec, isEnhanced } = tag;
  if (!isEnhanced && (codec === "avc1" || codec === "mp4a" || codec === ".mp3")) return tag.payload;
  return tag.kind === "video" ? plainVideo(tag) : plainAudio(tag);
}

function joined(head: readonly number[], data: Uint8Array): Uint8Array {
  const body = new Uint8Array(head.length + data.length);
  body.set(head);
  body.set(data, head.length);
  return body;
}

const fourCc = (codec: string): number[] => Array.from(codec, (letter) => letter.charCodeAt(0));

function plainVideo({ payload, codec }: MediaTag): Uint8Array | null {
  const header = readVideoHeader(payload);
  if (header === null) return null;
  // A classic header with a codec id that Adobe never gave out (HEVC, AV1) gets an enhanced one.
  const end = readVideoTracks(payload)?.[0]?.end ?? payload.length;
  const data = payload.subarray(header.dataOffset, end);
  const frameType = (payload[0]! >> 4) & 0x07;
  const isConfig = header.packet === "config";
  const time = header.compositionTime;
  const signed24 = [(time >> 16) & 0xff, (time >> 8) & 0xff, time & 0xff];
  if (codec === "avc1") return joined([(frameType << 4) | 7, isConfig ? 0 : 1, ...signed24], data);
  const hasTime = codec === "hvc1" && !isConfig && time !== 0;
  const packetType = isConfig
    ? VideoPacketType.sequenceStart
    : hasTime || codec !== "hvc1"
      ? VideoPacketType.codedFrames
      : VideoPacketType.codedFramesX;
  return joined([0x80 | (frameType << 4) | packetType, ...fourCc(codec), ...(hasTime ? signed24 : [])], data);
}

function plainAudio({ payload, codec, isConfig }: MediaTag): Uint8Array | null {
  const header = readAudioHeader(payload);
  const track = readAudioTracks(payload)?.[0];
  if (header === null || track === undefined) return null;
  const data = payload.subarray(header.dataOffset, track.end);
  // Adobe FLV 10.1 §E.4.2.1: AAC is always marked 44 kHz, 16 bit, stereo; the configuration says what it is.
  if (codec === "mp4a") return joined([0xaf, isConfig ? 0 : 1], data);
  if (codec === ".mp3") return joined([0x2f], data);
  const packetType = isConfig ? AudioPacketType.sequenceStart : AudioPacketType.codedFrames;
  return joined([0x90 | packetType, ...fourCc(codec)], data);
}
