/** `colorInfo` as an encoder tells it (E-RTMP v2 "Metadata Frame"): for tests. */
import type { Codec } from "../../flv/fourcc.ts";
import type { FlvTag } from "./flv.ts";

type Properties = { readonly [name: string]: number | Properties };

const text = new TextEncoder();
const METADATA = 4;

const name = (value: string): number[] => [value.length >> 8, value.length & 255, ...text.encode(value)];

/** AMF0 §2.5, with §2.2 for numbers. */
function object(properties: Properties): number[] {
  const inside = Object.entries(properties).flatMap(([key, value]) => [
    ...name(key),
    ...(typeof value === "number" ? number(value) : object(value)),
  ]);
  return [3, ...inside, 0, 0, 9];
}

function number(value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return [0, ...bytes];
}

/** DCI-P3 in BT.2020 from 0.0001 to 1000 cd/m², as HDR10 is mastered usually. */
export const HDR10: Properties = {
  colorConfig: { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 },
  hdrCll: { maxFall: 400, maxCLL: 1000 },
  hdrMdcv: {
    ...{ redX: 0.68, redY: 0.32, greenX: 0.265, greenY: 0.69, blueX: 0.15, blueY: 0.06 },
    ...{ whitePointX: 0.3127, whitePointY: 0.329, maxLuminance: 1000, minLuminance: 0.0001 },
  },
};

export function colourTag(codec: Codec, properties: Properties, timestamp = 0): FlvTag {
  const body = [0x80 | (1 << 4) | METADATA, ...text.encode(codec), 2, ...name("colorInfo"), ...object(properties)];
  return { kind: "video", timestamp, body: Uint8Array.from(body) };
}
