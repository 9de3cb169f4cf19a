/** AMF3 values that obey the grammar and no other sense: any value anywhere, references to whatever number. Mutation alone hardly makes one. */
import { encodeMessage } from "../../src/rtmp/chunk/encoder.ts";
import { wire } from "../vectors/wire.ts";
import type { Random } from "./mutate.ts";

const SIMPLE = [0x00, 0x01, 0x02, 0x03];

function value(out: number[], random: Random, depth: number): void {
  const kind = random(depth > 0 ? 10 : 5);
  if (kind < 2) out.push(SIMPLE[random(SIMPLE.length)]!);
  else if (kind === 2) out.push(0x04, random(0x80));
  else if (kind === 3) out.push(0x06, 0x03, 0x61 + random(26));
  else if (kind === 4)
    out.push(0x09 + random(2), random(8) << 1); // by reference
  else complex(out, random, depth - 1, kind);
}

function complex(out: number[], random: Random, depth: number, kind: number): void {
  const count = random(3);
  const values = (n: number) => {
    for (let i = 0; i < n; i++) value(out, random, depth);
  };
  const head = (marker: number, ...rest: number[]) => out.push(marker, (count << 1) | 1, ...rest);
  if (kind === 5) {
    head(0x09, 0x01);
    values(count);
  } else if (kind === 6) {
    head(0x09, 0x03, 0x61);
    values(1);
    out.push(0x01);
    values(count);
  } else if (kind === 7) {
    out.push(0x0a, 0x0b, 0x01, 0x03, 0x62);
    values(1);
    out.push(0x01);
  } else if (kind === 8) {
    head(0x10, 0x00, 0x01);
    values(count);
  } else {
    head(0x11, 0x00);
    values(2 * count);
  }
}

/** A command message of type 17 whose arguments are such values. */
export function amfSoup(random: Random): Uint8Array {
  const body: number[] = [...wire(`00  02 0001 "x"  00 00*8`)];
  for (let left = 1 + random(4); left > 0; left--) {
    body.push(0x11);
    value(body, random, 5);
  }
  return encodeMessage({ typeId: 17, streamId: 0, timestamp: 0, payload: Uint8Array.from(body) }, 3, 128);
}
