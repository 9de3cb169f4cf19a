/**
 * The words that a channel does not want in its chat. Compared by their shapes (`usernameSkeleton`), so that neither full-width letters nor a Cyrillic а
 * are a way around; whole words and phrases only, or a harmless word that has a bad one in it would be refused.
 */
import { usernameSkeleton } from "@streamhub/db";

const shapes = (text: string): string[] =>
  usernameSkeleton(text.normalize("NFKC"))
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== "");

interface Pattern {
  readonly words: readonly string[];
  /** The last one goes on: `cat*` is `cats` too. */
  readonly isOpen: boolean;
}

const MAX_KEPT = 500;
/** By the list itself: channels' lists change seldom and are asked with every message. */
const kept = new Map<string, readonly Pattern[]>();

function patternsOf(list: readonly string[]): readonly Pattern[] {
  const key = list.join("\n");
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = list
    .map((entry) => ({ words: shapes(entry), isOpen: entry.trimEnd().endsWith("*") }))
    .filter(({ words }) => words.length > 0);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, made);
  return made;
}

function isAt(text: readonly string[], at: number, { words, isOpen }: Pattern): boolean {
  return words.every((word, n) => {
    const found = text[at + n];
    if (found === undefined) return false;
    return isOpen && n === words.length - 1 ? found.startsWith(word) : found === word;
  });
}

/** Whether a text has one of the words. */
export function hasBlockedWord(text: string, list: readonly string[]): boolean {
  if (list.length === 0) return false;
  const words = shapes(text);
  return patternsOf(list).some((pattern) => words.some((_, at) => isAt(words, at, pattern)));
}
