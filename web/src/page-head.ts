/** What a page says of itself to machines that run no scripts: search engines, chats that preview links, sites that embed players. */
export interface PageAbout {
  readonly title: string;
  readonly description: string | null;
  /** Path of its picture. */
  readonly picture: string | null;
  /** A broadcast plays on it. */
  readonly isLive: boolean;
  /** Path of the Atom feed of its broadcasts; null: it has none. */
  readonly feed: string | null;
}

/** Asked for a page of a channel or a recording; null: nobody may know anything of it. */
export type DescribePage = (path: string) => Promise<PageAbout | null>;

const DESCRIBED = /^\/(?:watch\/[^/]{1,100}|v\/\d{1,10})\/?$/;
const MAX_DESCRIPTION = 200;
/** Of what has none of its own: small and square. */
const SITE_PICTURE = "/icon-512.png";

/** Whether a page may have something to say of itself. */
export const isDescribed = (path: string): boolean => DESCRIBED.test(path);

/** Text for the value of an attribute, or between elements. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= MAX_DESCRIPTION ? line : `${line.slice(0, MAX_DESCRIPTION - 1).trimEnd()}…`;
}

/** The elements for a page's head; `origin`: the site's, such as `https://live.example.org`. */
export function headOf(about: PageAbout, path: string, origin: string): string {
  const url = new URL(path, origin).href;
  const property = (name: string, content: string) => `<meta property="${name}" content="${escaped(content)}" />`;
  const oembed = `${origin}/api/oembed?url=${encodeURIComponent(url)}`;
  return [
    `<link rel="alternate" type="application/json+oembed" href="${escaped(oembed)}" title="${escaped(about.title)}" />`,
    ...(about.feed === null
      ? []
      : [
          `<link rel="alternate" type="application/atom+xml" href="${escaped(new URL(about.feed, origin).href)}" title="${escaped(about.title)}" />`,
        ]),
    `<link rel="canonical" href="${escaped(url)}" />`,
    property("og:site_name", "StreamHub"),
    property("og:type", "video.other"),
    property("og:title", about.title),
    property("og:url", url),
    ...(about.description === null ? [] : [property("og:description", shortened(about.description))]),
    property("og:image", new URL(about.picture ?? SITE_PICTURE, origin).href),
    `<meta name="twitter:card" content="${about.picture === null ? "summary" : "summary_large_image"}" />`,
  ].join("\n    ");
}

/** The page with its own title and head. */
export function withHead(html: string, about: PageAbout, path: string, origin: string): string {
  const title = `<title>${escaped(about.title)} · StreamHub</title>`;
  // Functions: what a channel is called must not be read as a pattern of replacement.
  return html
    .replace(/<title>[^<]*<\/title>/, () => title)
    .replace("</head>", () => `  ${headOf(about, path, origin)}\n  </head>`);
}

/** What comes with the page stands behind all that is shown before it is read. */
export const withAnswers = (html: string, element: string): string =>
  html.replace("</body>", () => `  ${element}\n  </body>`);

/** What is loaded early stands in front of what is only said. */
export const withHints = (html: string, hints: string): string =>
  hints === "" ? html : html.replace(/(<meta charset="utf-8" \/>)/, (charset) => `${charset}\n    ${hints}`);
