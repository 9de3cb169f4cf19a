/** What a User-Agent header says about who watches, and on what. */
import { readFileSync } from "node:fs";

/** The open list of programs that are nobody: `bots.txt`. */
const BOTS = new RegExp(
  readFileSync(new URL("./bots.txt", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((pattern) => `(?:${pattern})`)
    .join("|"),
  "i",
);

const MAX_LENGTH = 500;
const MAX_REMEMBERED = 5_000;
const remembered = new Map<string, boolean>();

/** Nobody is there: a crawler, a monitor, a script. A player that does not say what it is counts as one. */
export function isBot(userAgent: string): boolean {
  const text = userAgent.slice(0, MAX_LENGTH);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const bot = BOTS.test(text);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(text, bot);
  return bot;
}

export type Device = "desktop" | "mobile" | "tablet" | "tv" | "other";

/** The first that matches. Tablets say "Android" without "Mobile"; newer iPads call themselves Macs and can't be told apart. */
const DEVICES: readonly (readonly [Device, RegExp])[] = [
  [
    "tv",
    /smart-?tv|\btv\b|hbbtv|appletv|apple tv|googletv|android tv|\baft[a-z]|bravia|roku|web0s|webos|tizen.*tv|crkey|playstation|xbox|nintendo|viera|netcast/i,
  ],
  ["tablet", /ipad|tablet|kindle|silk\/|playbook|nexus (?:7|9|10)\b|android(?!.*mobile)/i],
  ["mobile", /iphone|ipod|mobile|windows phone|blackberry|opera mini/i],
  ["desktop", /windows nt|macintosh|mac os x|x11|linux|cros /i],
];

export function deviceOf(userAgent: string): Device {
  const text = userAgent.slice(0, MAX_LENGTH);
  return DEVICES.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}
