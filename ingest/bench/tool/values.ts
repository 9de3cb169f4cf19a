/** Values that people write on the command line, read or refused in one sentence. */
import { UsageError } from "../cli/options.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, "": 1 };

/** `500ms`, `20s`, `1.5m`, `2h`, or a number of seconds. */
export function secondsOf(name: string, text: string, low: number, high: number): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text.trim());
  if (match === null) throw new UsageError(`--${name} takes a time such as 500ms, 20s or 2m, not "${text}".`);
  const seconds = Number(match[1]) * UNITS[match[2]!]!;
  if (seconds < low || seconds > high) throw new UsageError(`--${name} must be ${shown(low)} to ${shown(high)}.`);
  return seconds;
}

const shown = (seconds: number): string => {
  if (seconds > 0 && seconds < 1) return `${seconds * 1_000}ms`;
  return seconds % 3_600 === 0 && seconds > 0 ? `${seconds / 3_600}h` : `${seconds}s`;
};

const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, "": 1 };

/** `2500k`, `2.5M`: bits per second. */
export function bitsOf(name: string, text: string, low: number, high: number): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text.trim());
  if (match === null) throw new UsageError(`--${name} takes a rate such as 600k or 2.5M, not "${text}".`);
  const bits = Number(match[1]) * MULTIPLES[match[2]!.toLowerCase()]!;
  if (bits < low || bits > high) throw new UsageError(`--${name} must be ${low / 1e3}k to ${high / 1e6}M.`);
  return bits;
}

export function wholeOf(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new UsageError(`--${name} must be a whole number from ${low} to ${high}.`);
  return value;
}

export function oneOf<const T extends readonly string[]>(name: string, text: string, known: T): T[number] {
  if (known.includes(text)) return text;
  throw new UsageError(`--${name} is one of ${known.join(", ")}, not "${text}".`);
}
