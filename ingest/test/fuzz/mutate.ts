/** A repeatable source of numbers and of damage. */
export type Random = (below: number) => number;

/** xorshift32; the same seed gives the same session again. */
export function makeRandom(seed: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const EDGES = [0x00, 0x01, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x11, 0x7f, 0x80, 0xc0, 0xc4, 0xff];
/** What lengths and counts lie with. */
const LIES = [
  [0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x80, 0, 0],
  [0, 0, 0],
  [0, 0xff, 0xff],
  [0, 1, 0],
];

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

function without(bytes: Uint8Array, from: number, to: number, inserted: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - (to - from) + inserted.length);
  out.set(bytes.subarray(0, from));
  out.set(inserted, from);
  out.set(bytes.subarray(to), from + inserted.length);
  return out;
}

const NOTHING = new Uint8Array(0);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << random(8));
    return bytes;
  },
  function setEdge(bytes, random) {
    bytes[random(bytes.length)] = EDGES[random(EDGES.length)]!;
    return bytes;
  },
  function lie(bytes, random) {
    const value = LIES[random(LIES.length)]!;
    const at = random(bytes.length);
    for (let i = 0; i < value.length && at + i < bytes.length; i++) bytes[at + i] = value[i]!;
    return bytes;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, 1 + random(bytes.length));
  },
  function remove(bytes, random) {
    const from = random(bytes.length);
    return without(bytes, from, Math.min(bytes.length, from + 1 + random(40)), NOTHING);
  },
  function repeat(bytes, random) {
    const from = random(bytes.length);
    const piece = bytes.slice(from, from + 1 + random(200));
    return without(bytes, from, from, piece);
  },
  function splice(bytes, random, other) {
    const from = random(other.length);
    const at = random(bytes.length);
    return without(bytes, at, Math.min(bytes.length, at + random(60)), other.slice(from, from + 1 + random(300)));
  },
];

export function mutate(base: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = base.slice();
  for (let left = 1 + random(4); left > 0 && bytes.length > 0; left--) {
    bytes = MUTATIONS[random(MUTATIONS.length)]!(bytes, random, other);
  }
  return bytes;
}

/** One to eight pieces; now and then byte by byte. */
export function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const out: Uint8Array[] = [];
  const single = random(50) === 0;
  for (let at = 0; at < bytes.length; ) {
    const length = single ? 1 : 1 + random(random(4) === 0 ? 20 : bytes.length);
    out.push(bytes.slice(at, at + length));
    at += length;
  }
  return out;
}
