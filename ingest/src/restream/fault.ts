/**
 * Why a target does not get the broadcast. The sentences are ours alone: what a service says may hold the key that it was given, and is
 * neither shown nor logged.
 */
import type { Codec } from "../live/media-tag.ts";

export type RelayFaultCode =
  | "address"
  | "unresolved"
  | "unreachable"
  | "certificate"
  | "timeout"
  | "closed"
  | "stalled"
  | "protocol"
  | "denied"
  | "rejected"
  | "codec"
  | "key";

export interface RelayFault {
  readonly code: RelayFaultCode;
  /** One sentence for the streamer. */
  readonly reason: string;
}

const REASONS: Readonly<Record<Exclude<RelayFaultCode, "codec">, string>> = {
  address: "The service's address is not on the public Internet.",
  unresolved: "The service's name is not known to the name server.",
  unreachable: "The service can not be reached.",
  certificate: "The service's certificate is not good for its name.",
  timeout: "The service does not answer.",
  closed: "The service closed the connection.",
  stalled: "The service takes the media too slowly.",
  protocol: "The service does not speak RTMP as it should.",
  denied: "The service refused the stream key, or is getting a stream with it already.",
  rejected: "The service refused the connection: look at the server address.",
  key: "The stream key was sealed with another secret: enter it again.",
};

const CODEC_NAMES: Readonly<Record<Codec, string>> = {
  avc1: "enhanced H.264",
  hvc1: "HEVC",
  av01: "AV1",
  vp09: "VP9",
  mp4a: "enhanced AAC",
  ".mp3": "enhanced MP3",
  Opus: "Opus",
  fLaC: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
  unsupported: "media of this kind",
};

export const relayFault = (code: Exclude<RelayFaultCode, "codec">): RelayFault => ({ code, reason: REASONS[code] });

export const codecFault = (codec: Codec): RelayFault => ({
  code: "codec",
  reason: `This service takes no ${CODEC_NAMES[codec]}.`,
});

/** What the service itself said no to, or what no attempt can mend: tried again seldom, or not at all. */
const DENIALS: ReadonlySet<RelayFaultCode> = new Set(["address", "denied", "rejected", "codec", "key"]);

export const isDenial = ({ code }: RelayFault): boolean => DENIALS.has(code);

/** The same again would come of it while the broadcast is as it is. */
export const isFinal = ({ code }: RelayFault): boolean => code === "codec" || code === "key";
