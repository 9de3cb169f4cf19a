export type XmlAttributes = readonly (readonly [name: string, value: string])[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 §2.4: the five characters that mean something, in attribute values. */
export function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** An element with its attributes escaped; children are XML already. */
export function element(name: string, attributes: XmlAttributes, children: readonly string[] = []): string {
  const open = `<${name}${attributes.map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}
