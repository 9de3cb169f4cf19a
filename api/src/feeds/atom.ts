/** Atom 1.0 (RFC 4287) as text: what a channel's broadcasts look like to a feed reader. */

/** All addresses are absolute. */
export interface Feed {
  /** Never changes, whatever the channel is called. */
  readonly id: string;
  readonly title: string;
  readonly subtitle: string | null;
  readonly author: string;
  /** The page, and the feed itself. */
  readonly page: string;
  readonly self: string;
  readonly picture: string | null;
  /** ISO 8601. */
  readonly updated: string;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly summary: string | null;
  readonly page: string;
  readonly published: string;
  readonly updated: string;
  readonly isLive: boolean;
  /** The whole recording; null: there is none. */
  readonly file: { readonly url: string; readonly bytes: number } | null;
}

const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
// XML 1.0 §2.2: what no document may have, not even as a reference.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(FORBIDDEN, "")
    .replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);

const element = (name: string, text: string | null, attributes = ""): readonly string[] =>
  text === null ? [] : [`<${name}${attributes}>${escaped(text)}</${name}>`];

const link = (rel: string, type: string, href: string, more = ""): string =>
  `<link rel="${rel}" type="${type}" href="${escaped(href)}"${more}/>`;

function entryOf({ id, title, summary, page, published, updated, isLive, file }: Entry): string {
  const parts = [
    ...element("id", id),
    ...element("title", title),
    link("alternate", "text/html", page),
    ...element("published", published),
    ...element("updated", updated),
    ...element("summary", summary),
    ...(isLive ? ['<category term="live"/>'] : []),
    ...(file === null ? [] : [link("enclosure", "video/mp4", file.url, ` length="${file.bytes}"`)]),
  ];
  return `<entry>\n${parts.map((part) => `    ${part}\n`).join("")}  </entry>`;
}

export function atomOf(feed: Feed): string {
  const parts = [
    ...element("id", feed.id),
    ...element("title", feed.title),
    ...element("subtitle", feed.subtitle),
    link("alternate", "text/html", feed.page),
    link("self", "application/atom+xml", feed.self),
    ...element("updated", feed.updated),
    `<author>${element("name", feed.author).join("")}</author>`,
    ...element("logo", feed.picture),
    "<generator>StreamHub</generator>",
    ...feed.entries.map(entryOf),
  ];
  const body = parts.map((part) => `  ${part}\n`).join("");
  return `<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n${body}</feed>\n`;
}
