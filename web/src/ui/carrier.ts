/**
 * Every channel has its own picture before it has a thumbnail: a carrier wave drawn from its name. The same name is the same picture everywhere,
 * so a viewer recognises a channel by it.
 */
export interface Carrier {
  /** Degrees on the colour wheel. */
  readonly hue: number;
  /** SVG path data of the lines, top to bottom, in a 320 by 180 box. */
  readonly lines: readonly string[];
}

export const CARRIER_WIDTH = 320;
export const CARRIER_HEIGHT = 180;
const LINES = 17;
const STEPS = 40;

/** FNV-1a, then mulberry32: small, and good enough for a picture. */
function randomFrom(name: string): () => number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    hash = (hash + 0x6d2b79f5) | 0;
    let mixed = Math.imul(hash ^ (hash >>> 15), 1 | hash);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Degrees on the colour wheel: what is wanted of a name where its picture is not, such as for every line of a chat. */
export const hueOf = (name: string): number => hueFrom(randomFrom(name));

const hueFrom = (random: () => number): number => Math.round(random() * 360);

export function carrierOf(name: string): Carrier {
  const random = randomFrom(name);
  const hue = hueFrom(random);
  const waves = Array.from({ length: 3 }, () => ({
    frequency: 1.2 + random() * 4.5,
    phase: random() * Math.PI * 2,
    drift: (random() - 0.5) * 0.55,
  }));
  const middle = 0.3 + random() * 0.4;
  const width = 0.16 + random() * 0.16;
  const height = 24 + random() * 18;
  const lines = Array.from({ length: LINES }, (_, line) => {
    const points: [number, number][] = [];
    for (let step = 0; step <= STEPS; step++) {
      const x = step / STEPS;
      const envelope = Math.exp(-((x - middle - (line / LINES - 0.5) * 0.12) ** 2) / (2 * width * width));
      const sum = waves.reduce(
        (total, w) => total + Math.sin(x * w.frequency * Math.PI * 2 + w.phase + line * w.drift),
        0,
      );
      const base = 52 + (line / (LINES - 1)) * 116;
      points.push([(x * 1.1 - 0.05) * CARRIER_WIDTH, base - envelope * height * (0.35 + Math.abs(sum) / 3)]);
    }
    return smooth(points);
  });
  return { hue, lines };
}

/** A path through the middles of neighbouring points, bent by the points themselves: no corner anywhere. */
function smooth(points: readonly [number, number][]): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  const [first] = points;
  if (first === undefined) return "";
  let path = `M${round(first[0])} ${round(first[1])}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i]!;
    const [nextX, nextY] = points[i + 1]!;
    path += `Q${round(x)} ${round(y)} ${round((x + nextX) / 2)} ${round((y + nextY) / 2)}`;
  }
  return path;
}
