/** Markdown to HTML that a page may insert as it is: whatever the text says, only what is listed here comes out. */
import { Marked } from "marked";
import sanitize from "sanitize-html";

const marked = new Marked({ gfm: true, async: false });

/** An address as people write one; what holds spaces, quotes or brackets is the rest of something else. */
const ADDRESS = /^(?:(?:https?:|mailto:)[^\s\p{C}<>"'`\\]*|[^\s\p{C}<>"'`\\()[\]:]*)$/iu;

const OPTIONS: sanitize.IOptions = {
  // No pictures: one from another host would tell it who reads the page.
  allowedTags: [
    ...["h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"],
    ...["strong", "em", "del", "a", "table", "thead", "tbody", "tr", "th", "td"],
  ],
  allowedAttributes: { a: ["href", "title", "rel"], ol: ["start"], th: ["align"], td: ["align"] },
  allowedSchemes: ["https", "http", "mailto"],
  // `//elsewhere.example` looks like an address of this site.
  allowProtocolRelative: false,
  disallowedTagsMode: "discard",
  nestingLimit: 50,
  transformTags: {
    a: (tagName, { href, title }) => ({
      tagName,
      attribs: {
        ...(href === undefined || !ADDRESS.test(href) ? {} : { href }),
        ...(title === undefined ? {} : { title }),
        ...(href !== undefined && /^https?:/i.test(href) ? { rel: "noopener noreferrer nofollow" } : {}),
      },
    }),
  },
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Thousands of quotes within quotes are more than the parser's stack holds; such a text is shown as it was written. */
export function renderMarkdown(markdown: string): string {
  try {
    return sanitize(marked.parse(markdown, { async: false }), OPTIONS).trim();
  } catch {
    return `<pre>${escapeHtml(markdown)}</pre>`;
  }
}
