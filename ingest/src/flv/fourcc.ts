/** The codec of a track by its E-RTMP FourCC; classic FLV codec ids map to the same names. */
export type Codec =
  | "avc1"
  | "hvc1"
  | "av01"
  | "vp09"
  | "mp4a"
  | ".mp3"
  | "Opus"
  | "fLaC"
  | "ac-3"
  | "ec-3"
  | "unsupported";

const KNOWN: ReadonlySet<string> = new Set([
  "avc1",
  "hvc1",
  "av01",
  "vp09",
  "mp4a",
  ".mp3",
  "Opus",
  "fLaC",
  "ac-3",
  "ec-3",
]);

/** Reads four bytes at `at`; a FourCC that we do not know is `unsupported`. */
export function readFourCc(body: Uint8Array, at: number): Codec {
  const text = String.fromCharCode(body[at]!, body[at + 1]!, body[at + 2]!, body[at + 3]!);
  return KNOWN.has(text) ? (text as Codec) : "unsupported";
}
