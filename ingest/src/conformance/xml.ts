/** As much of XML 1.0 as manifests use: elements, attributes, character data; comments and instructions are passed over. No DTD, so no entity bombs. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 200_000;
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]*)\s*=\s*("[^"<]*"|'[^'<]*')/y;
const TAG_END = /\s*(\/?)>/y;

interface Open {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** The root element, or a sentence that says why there is none. */
export function readXml(source: string): XmlElement | string {
  let at = source.startsWith("\uFEFF") ? 1 : 0;
  let count = 0;
  const stack: Open[] = [];
  let root: XmlElement | null = null;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const pass = (end: string): boolean => {
    const found = source.indexOf(end, at);
    if (found >= 0) at = found + end.length;
    return found >= 0;
  };
  const close = ({ tag, attributes, children, text }: Open): void => {
    const element = { name: tag.slice(tag.indexOf(":") + 1), attributes, children, text };
    const parent = stack.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  };

  while (at < source.length) {
    const next = source.indexOf("<", at);
    const text = source.slice(at, next < 0 ? undefined : next);
    const inside = stack.at(-1);
    if (inside !== undefined) inside.text += decoded(text);
    else if (text.trim() !== "") return "there is text outside the root element";
    if (next < 0) break;
    at = next;
    if (source.startsWith("<!--", at)) {
      if (!pass("-->")) return "a comment does not end";
    } else if (source.startsWith("<?", at)) {
      if (!pass("?>")) return "an instruction does not end";
    } else if (source.startsWith("<![CDATA[", at)) {
      const start = at + 9;
      if (inside === undefined || !pass("]]>")) return "a CDATA section does not end";
      inside.text += source.slice(start, at - 3);
    } else if (source.startsWith("<!", at)) return "document types are not read";
    else if (source.startsWith("</", at)) {
      at += 2;
      const tag = match(NAME)?.[0];
      const open = stack.pop();
      if (open === undefined || open.tag !== tag || match(TAG_END) === null) return `</${tag}> closes nothing`;
      close(open);
    } else {
      at++;
      const tag = match(NAME)?.[0];
      if (tag === undefined) return "a tag has no name";
      if (root !== null) return "there are two root elements";
      if (stack.length >= MAX_DEPTH || ++count > MAX_ELEMENTS) return "it is too large";
      const attributes = new Map<string, string>();
      for (let found = match(ATTRIBUTE); found !== null; found = match(ATTRIBUTE)) {
        if (attributes.has(found[1]!)) return `<${tag}> has ${found[1]} twice`;
        attributes.set(found[1]!, decoded(found[2]!.slice(1, -1)));
      }
      const end = match(TAG_END);
      if (end === null) return `<${tag}> is malformed`;
      const open: Open = { tag, attributes, children: [], text: "" };
      if (end[1] === "/") close(open);
      else stack.push(open);
    }
  }
  if (stack.length > 0) return `<${stack.at(-1)!.tag}> is not closed`;
  return root ?? "there is no element";
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    const code = name[1] === "x" || name[1] === "X" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
