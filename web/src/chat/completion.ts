/** Whose name an @ in the line that is being written begins. Pure. */
import type { Entry } from "./make-log.ts";

export interface Begun {
  /** Where the @ is. */
  readonly from: number;
  /** Behind the name's last character. */
  readonly to: number;
  /** What is typed of the name, in lower case. */
  readonly typed: string;
}

/** As much as fits over the line on a phone. */
const MOST = 6;
/** So far back people are looked for. */
const LINES = 300;
const NAME = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,50})$/u;

/** Null: the cursor is not in a name, or something stands right behind it. */
export function begunAt(text: string, cursor: number): Begun | null {
  if (/^[\p{L}\p{N}_]/u.test(text.slice(cursor))) return null;
  const found = NAME.exec(text.slice(0, cursor));
  if (found === null) return null;
  const typed = found[1]!;
  return { from: cursor - typed.length - 1, to: cursor, typed: typed.toLowerCase() };
}

/** Who may be meant: those who wrote last come first. `own`: nobody calls oneself. */
export function namesFor(entries: readonly Entry[], typed: string, own: string | null): string[] {
  const names = new Map<string, string>();
  const last = Math.max(0, entries.length - LINES);
  for (let index = entries.length - 1; index >= last && names.size < MOST; index--) {
    const { username } = entries[index]!.message.author;
    const key = username.toLowerCase();
    if (key.startsWith(typed) && username !== own && !names.has(key)) names.set(key, username);
  }
  // What is written whole needs no completing.
  return names.size === 1 && names.has(typed) ? [] : [...names.values()];
}

/** The text with the name in it, and where the cursor is then. */
export function completed(
  text: string,
  { from, to }: Begun,
  name: string,
): { readonly text: string; readonly cursor: number } {
  const after = text.slice(to);
  const piece = `@${name}${/^\s/.test(after) ? "" : " "}`;
  return { text: text.slice(0, from) + piece + after, cursor: from + piece.length + (/^\s/.test(after) ? 1 : 0) };
}
