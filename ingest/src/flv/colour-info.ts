/** `colorInfo` of E-RTMP v2 "Metadata Frame": colours and brightness that a publisher tells beside the picture, for high dynamic range. */
import { findNumber } from "./amf-search.ts";
import { UNSPECIFIED } from "./colour.ts";
import { readVideoHeader } from "./video.ts";

/** SMPTE ST 2086. Chromaticities from 0 to 1, luminances in cd/m². */
export interface MasteringDisplay {
  readonly red: readonly [number, number];
  readonly green: readonly [number, number];
  readonly blue: readonly [number, number];
  readonly white: readonly [number, number];
  readonly maxLuminance: number;
  readonly minLuminance: number;
}

/** CTA-861.3, in cd/m². */
export interface LightLevel {
  readonly maxContent: number;
  readonly maxFrameAverage: number;
}

export interface ColourInfo {
  /** Numbers of H.273; null: not told. */
  readonly primaries: number | null;
  readonly transfer: number | null;
  readonly matrix: number | null;
  readonly mastering: MasteringDisplay | null;
  readonly light: LightLevel | null;
}

const text = new TextEncoder();
const COLOR_INFO = Uint8Array.of(2, 0, 9, ...text.encode("colorInfo"));
const names = new Map<string, Uint8Array>();

function number(payload: Uint8Array, name: string): number | null {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = text.encode(name);
    names.set(name, bytes);
  }
  return findNumber(payload, bytes);
}

/** Of a video tag's body; null when it is none. A reset (no properties) is one that tells nothing. */
export function readColourInfo(body: Uint8Array): ColourInfo | null {
  const header = readVideoHeader(body);
  if (header?.packet !== "metadata") return null;
  const payload = body.subarray(header.dataOffset);
  if (!COLOR_INFO.every((byte, at) => payload[at] === byte)) return null;
  return {
    primaries: index(number(payload, "colorPrimaries")),
    transfer: index(number(payload, "transferCharacteristics")),
    matrix: index(number(payload, "matrixCoefficients")),
    mastering: mastering(payload),
    light: light(payload),
  };
}

/** A number of H.273's tables has eight bits; 0 is reserved (of matrices: RGB, which no encoder sends), and some write it for "unknown". */
function index(value: number | null): number | null {
  return value !== null && Number.isInteger(value) && value > 0 && value < 256 && value !== UNSPECIFIED ? value : null;
}

function mastering(payload: Uint8Array): MasteringDisplay | null {
  const point = (name: string): readonly [number, number] | null => {
    const [x, y] = [number(payload, `${name}X`), number(payload, `${name}Y`)];
    return x !== null && y !== null && x >= 0 && y > 0 && x <= 1 && y <= 1 ? [x, y] : null;
  };
  const [red, green, blue, white] = [point("red"), point("green"), point("blue"), point("whitePoint")];
  const [max, min] = [number(payload, "maxLuminance"), number(payload, "minLuminance")];
  if (red === null || green === null || blue === null || white === null || max === null || min === null) return null;
  // SMPTE ST 2086 §5: five candela at least, ten thousand are the most that PQ can say.
  if (max < 5 || max > 10_000 || min < 0 || min >= max) return null;
  return { red, green, blue, white, maxLuminance: max, minLuminance: min };
}

function light(payload: Uint8Array): LightLevel | null {
  const level = (name: string): number | null => {
    const value = number(payload, name);
    return value !== null && value >= 0 && value <= 0xffff ? Math.round(value) : null;
  };
  // The draft and OBS differ in the case of the second one's name.
  const [maxContent, maxFrameAverage] = [level("maxCLL"), level("maxFall") ?? level("maxFALL")];
  return maxContent === null || maxFrameAverage === null ? null : { maxContent, maxFrameAverage };
}
