/** HLS attribute lists, draft-pantos-hls-rfc8216bis §4.2. */
export type Attributes = ReadonlyMap<string, string>;

const ATTRIBUTE = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)/y;

/** Quotes are taken off. Null: not an attribute list. */
export function readAttributes(text: string): Attributes | null {
  const found = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(text);
    if (match === null) return null;
    const [whole, name, value] = match;
    found.set(name!, value!.startsWith('"') ? value!.slice(1, -1) : value!);
    at += whole.length;
  }
  return found;
}

/** A decimal number; null when it is missing or something else. */
export function numberOf(attributes: Attributes, name: string): number | null {
  const text = attributes.get(name);
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
