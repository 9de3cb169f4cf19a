/**
 * QR codes (ISO/IEC 18004): bytes, error correction level M, versions 1 to 15 (412 bytes at most). Our own, because the alternative is a dependency
 * for two hundred lines that never change.
 */
/** Dark modules, row by row. */
export type QrCode = readonly (readonly boolean[])[];

/** Of level M, by version: correction bytes of each block, and blocks (table 9). */
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];
/** Level M in the format information (table 12). */
const LEVEL_BITS = 0b00;
const MODE_BYTES = 0b0100;

const sizeOf = (version: number) => 17 + 4 * version;

/** Centres of the alignment patterns (annex E). */
function alignments(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const places = [6];
  for (let place = sizeOf(version) - 7; places.length < count; place -= step) places.splice(1, 0, place);
  return places;
}

/** Modules that carry data and correction. */
function rawBits(version: number): number {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const count = Math.floor(version / 7) + 2;
    bits -= (25 * count - 10) * count - 55;
    if (version >= 7) bits -= 36;
  }
  return bits;
}

const dataBytes = (version: number) =>
  Math.floor(rawBits(version) / 8) - (CORRECTION[version - 1] ?? 0) * (BLOCKS[version - 1] ?? 0);

/** GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(x: number, y: number): number {
  let z = 0;
  for (let bit = 7; bit >= 0; bit--) {
    z = (z << 1) ^ ((z >>> 7) * 0x11d);
    z ^= ((y >>> bit) & 1) * x;
  }
  return z;
}

function generator(degree: number): number[] {
  const result = new Array<number>(degree - 1).fill(0).concat(1);
  let root = 1;
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) {
      result[j] = multiply(result[j] ?? 0, root) ^ (result[j + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return result;
}

function remainder(data: readonly number[], divisor: readonly number[]): number[] {
  const result = divisor.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ (result.shift() ?? 0);
    result.push(0);
    divisor.forEach((coefficient, index) => {
      result[index] = (result[index] ?? 0) ^ multiply(coefficient, factor);
    });
  }
  return result;
}

/** The message with its head, filled up. */
function encodeData(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const append = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  const capacity = dataBytes(version) * 8;
  append(MODE_BYTES, 4);
  append(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) append(byte, 8);
  append(0, Math.min(4, capacity - bits.length));
  append(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) append(pad, 8);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8) data.push(bits.slice(i, i + 8).reduce((byte, bit) => (byte << 1) | bit, 0));
  return data;
}

/** Blocks with their correction, interleaved (§7.6). */
function interleave(data: readonly number[], version: number): number[] {
  const blocks = BLOCKS[version - 1] ?? 1;
  const correction = CORRECTION[version - 1] ?? 0;
  const total = Math.floor(rawBits(version) / 8);
  const short = blocks - (total % blocks);
  const shortLength = Math.floor(total / blocks) - correction;
  const divisor = generator(correction);
  const parts: { data: readonly number[]; correction: number[] }[] = [];
  for (let block = 0, at = 0; block < blocks; block++) {
    const length = shortLength + (block < short ? 0 : 1);
    const part = data.slice(at, at + length);
    at += length;
    parts.push({ data: part, correction: remainder(part, divisor) });
  }
  const result: number[] = [];
  for (let i = 0; i <= shortLength; i++)
    for (const part of parts) if (i < part.data.length) result.push(part.data[i] ?? 0);
  for (let i = 0; i < correction; i++) for (const part of parts) result.push(part.correction[i] ?? 0);
  return result;
}

type Grid = (boolean | null)[][];

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** What is the same for all messages of a version; null: free for data. */
function patterns(version: number, mask: number): Grid {
  const size = sizeOf(version);
  const grid: Grid = Array.from({ length: size }, () => new Array<boolean | null>(size).fill(null));
  const set = (x: number, y: number, dark: boolean) => {
    const row = grid[y];
    if (row !== undefined && x >= 0 && x < size) row[x] = dark;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        set(cx + dx, cy + dy, ring !== 2 && ring !== 4);
      }
    }
  }
  const places = alignments(version);
  const last = places.length - 1;
  places.forEach((cx, i) => {
    places.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    });
  });
  // Format information with its BCH code (§7.9).
  const format = (LEVEL_BITS << 3) | mask;
  let rest = format;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const formatBits = ((format << 10) | rest) ^ 0x5412;
  const formatBit = (i: number) => ((formatBits >>> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) set(8, i, formatBit(i));
  set(8, 7, formatBit(6));
  set(8, 8, formatBit(7));
  set(7, 8, formatBit(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, formatBit(i));
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, formatBit(i));
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, formatBit(i));
  set(8, size - 8, true);
  if (version >= 7) {
    // Version information (§7.10).
    let code = version;
    for (let i = 0; i < 12; i++) code = (code << 1) ^ ((code >>> 11) * 0x1f25);
    const bits = (version << 12) | code;
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >>> i) & 1) === 1;
      const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
      set(a, b, dark);
      set(b, a, dark);
    }
  }
  return grid;
}

/** Puts the bits into the free places, in pairs of columns from the right, up and down (§7.7.3). */
function draw(version: number, codewords: readonly number[], mask: number): boolean[][] {
  const fixed = patterns(version, mask);
  const size = fixed.length;
  const grid = fixed.map((row) => row.map((dark) => dark ?? false));
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      for (const x of [right, right - 1]) {
        const upward = ((right + 1) & 2) === 0;
        const y = upward ? size - 1 - step : step;
        const row = grid[y];
        if (row === undefined || fixed[y]?.[x] !== null) continue;
        const dark = (((codewords[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1;
        row[x] = dark !== (MASKS[mask]?.(x, y) ?? false);
        bit++;
      }
    }
  }
  return grid;
}

/** How hard a grid is to read (§7.8.3): runs, blocks, patterns that look like finders, imbalance. */
function penalty(grid: QrCode): number {
  const size = grid.length;
  let score = 0;
  let dark = 0;
  const lines = [...grid, ...Array.from({ length: size }, (_, x) => grid.map((row) => row[x] ?? false))];
  for (const line of lines) {
    let run = 1;
    for (let i = 1; i <= size; i++) {
      if (i < size && line[i] === line[i - 1]) {
        run++;
        continue;
      }
      if (run >= 5) score += run - 2;
      run = 1;
    }
    const text = line.map((module) => (module ? "1" : "0")).join("");
    for (const finder of ["10111010000", "00001011101"])
      for (let at = text.indexOf(finder); at !== -1; at = text.indexOf(finder, at + 1)) score += 40;
  }
  grid.forEach((row, y) => {
    row.forEach((module, x) => {
      if (module) dark++;
      const below = grid[y + 1];
      if (
        below !== undefined &&
        x + 1 < size &&
        module === row[x + 1] &&
        module === below[x] &&
        module === below[x + 1]
      )
        score += 3;
    });
  });
  return score + Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size)) * 10;
}

/** Null when the text is too long for a code that a phone reads from a screen. */
export function qrCode(text: string): QrCode | null {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_, index) => bytes.length + (index < 9 ? 2 : 3) <= dataBytes(index + 1)) + 1;
  if (version === 0) return null;
  const codewords = interleave(encodeData(bytes, version), version);
  const candidates = MASKS.map((_, mask) => draw(version, codewords, mask));
  return candidates.reduce((best, grid) => (penalty(grid) < penalty(best) ? grid : best));
}

/** SVG path data of the dark modules, in units of one module, with the quiet zone of four around them. */
export function qrPath(code: QrCode): { readonly path: string; readonly size: number } {
  const path = code.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  return { path, size: code.length + 8 };
}
