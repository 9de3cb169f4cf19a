/** Which language a reader wants (RFC 9110 §12.5.4, matching by RFC 4647 §3.4 "lookup"). */

interface Wish {
  readonly tag: string;
  readonly weight: number;
}

/** More wishes than a person has; the rest of a hostile header is not read. */
const MAX_WISHES = 20;

/** Language ranges of an Accept-Language header, the most wanted first; those with weight 0 stay in, as refusals. */
function wishesOf(header: string): Wish[] {
  return header
    .slice(0, 1_000)
    .split(",")
    .slice(0, MAX_WISHES)
    .flatMap((part) => {
      const match =
        /^\s*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(part);
      return match === null ? [] : [{ tag: match[1]!.toLowerCase(), weight: Number(match[2] ?? 1) }];
    })
    .toSorted((a, b) => b.weight - a.weight);
}

/** The tag itself, or what is left of it when parts are cut off its end: `en-GB` finds `en`. */
function lookup(tag: string, available: readonly string[]): string | undefined {
  for (let rest = tag; rest !== ""; rest = rest.slice(0, Math.max(0, rest.lastIndexOf("-"))))
    if (available.includes(rest)) return rest;
  // `zh` is content with `zh-tw`.
  return available.find((locale) => locale.startsWith(`${tag}-`));
}

/**
 * Picks one of `available` (lower case, not empty): what the address asks for by name counts most, then the header, then `fallback`, then
 * whatever there is.
 */
export function chooseLocale(
  available: readonly string[],
  fallback: string,
  asked: string | undefined,
  header: string | null,
): string {
  const named = asked === undefined ? undefined : lookup(asked.toLowerCase(), available);
  if (named !== undefined) return named;
  const wishes = header === null ? [] : wishesOf(header);
  const refused = new Set(wishes.filter(({ weight }) => weight === 0).map(({ tag }) => tag));
  const willing = available.filter((locale) => !refused.has(locale));
  for (const { tag, weight } of wishes) {
    if (weight === 0) break;
    if (tag === "*") return willing.find((locale) => locale === fallback) ?? willing[0] ?? available[0]!;
    const found = lookup(tag, willing);
    if (found !== undefined) return found;
  }
  return available.includes(fallback) ? fallback : available[0]!;
}
