import { WireError } from "../bytes/wire-error.ts";

/** One box inside a complete buffer: `start` is its first byte, `body` the first after size and type. */
export interface BoxAt {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

const HEADER = 8;

/** The boxes between two positions, in order (ISO/IEC 14496-12 §4.2). Sizes that leave the range throw. */
export function* boxesIn(view: DataView, from: number, to: number): Generator<BoxAt> {
  let start = from;
  while (start + HEADER <= to) {
    const size = view.getUint32(start);
    if (size < HEADER || start + size > to) throw new WireError("fmp4.malformed", `box size ${size} at ${start}`);
    const type = String.fromCharCode(
      view.getUint8(start + 4),
      view.getUint8(start + 5),
      view.getUint8(start + 6),
      view.getUint8(start + 7),
    );
    yield { type, start, body: start + HEADER, end: start + size };
    start += size;
  }
}

export function findBox(view: DataView, from: number, to: number, type: string): BoxAt | null {
  for (const box of boxesIn(view, from, to)) if (box.type === type) return box;
  return null;
}

/** Follows a path of container boxes down; a missing one throws. */
export function needBox(view: DataView, within: BoxAt, ...path: readonly string[]): BoxAt {
  let at = within;
  for (const type of path) {
    const found = findBox(view, at.body, at.end, type);
    if (found === null) throw new WireError("fmp4.malformed", `no ${type} in ${at.type}`);
    at = found;
  }
  return at;
}

/** Runs a reader of one box; reading past the end of the buffer is the writer's fault, not ours. */
export function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new WireError("fmp4.malformed", "a box ends before its fields");
    throw error;
  }
}
