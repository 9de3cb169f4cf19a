/** A message's text in pieces: what is a link, who is meant, and the rest. */

export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string }
  | { readonly kind: "mention"; readonly text: string; readonly name: string };

const PIECES = /(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}_@])@([\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}_.-]{1,49})/giu;
/** What stands behind a link in a sentence is not part of it. */
const TRAILING = /[.,;:!?)\]}'"»”’]+$/u;

function linkOf(text: string): Part | null {
  try {
    const url = new URL(text);
    if (url.username !== "" || url.password !== "") return null;
    // The host as the browser will ask for it: letters that only look like others show as what they are.
    return { kind: "link", href: url.href, text: url.href.replace(/^https?:\/\//, "").replace(/\/$/, "") };
  } catch {
    return null;
  }
}

export function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let done = 0;
  const plain = (to: number) => {
    if (to > done) parts.push({ kind: "text", text: text.slice(done, to) });
  };
  for (const match of text.matchAll(PIECES)) {
    const found = match[0].replace(TRAILING, "");
    const part: Part | null =
      match[1] === undefined
        ? { kind: "mention", text: found.replace(/[.-]+$/, ""), name: found.slice(1).replace(/[.-]+$/, "") }
        : linkOf(found);
    if (part === null) continue;
    plain(match.index);
    parts.push(part);
    done = match.index + (part.kind === "mention" ? part.text.length : found.length);
  }
  plain(text.length);
  return parts;
}

/** Names are the same in any case. */
export const isMentioned = (text: string, username: string): boolean =>
  partsOf(text).some((part) => part.kind === "mention" && part.name.toLowerCase() === username.toLowerCase());
