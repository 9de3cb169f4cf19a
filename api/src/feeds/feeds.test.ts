/** A channel's feed, read as a feed reader does: by an XML parser. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readXml, type XmlElement } from "@streamhub/ingest/conformance/xml";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { isApiPath } from "../app.ts";
import { atomOf } from "./atom.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform({ publicUrl: "https://tv.example" });
}, 60_000);
afterAll(() => platform?.close());

function parse(text: string): XmlElement {
  const root = readXml(text);
  if (typeof root === "string") throw new Error(`${root}: ${text}`);
  return root;
}
const all = ({ children }: XmlElement, name: string) => children.filter((child) => child.name === name);
const textOf = (element: XmlElement | undefined, name: string) =>
  element === undefined ? undefined : all(element, name)[0]?.text;
const linkOf = (element: XmlElement | undefined, rel: string) =>
  element === undefined
    ? undefined
    : all(element, "link")
        .find(({ attributes }) => attributes.get("rel") === rel)
        ?.attributes.get("href");
const ask = (slug: string, headers: Record<string, string> = {}) =>
  platform.request("GET", `/watch/${slug}/feed.xml`, undefined, headers);

describe("the feed of a channel", () => {
  test("says what is live and what was, and says it as it was written", async () => {
    const title = `Fish & <b>"chips"</b> 'n' ]]> &amp; 🐟`;
    const channel = await platform.makeChannel("chippy", { title, description: "Line one\nline <two>" });
    const past = await channel.goLive();
    await channel.end();
    const live = await channel.goLive();
    const response = await ask("chippy");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    const feed = parse(await response.text());
    expect([feed.name, feed.attributes.get("xmlns")]).toEqual(["feed", "http://www.w3.org/2005/Atom"]);
    expect(textOf(feed, "title")).toBe(title);
    expect(textOf(feed, "subtitle")).toBe("Line one\nline <two>");
    expect(linkOf(feed, "self")).toBe("https://tv.example/watch/chippy/feed.xml");
    expect(linkOf(feed, "alternate")).toBe("https://tv.example/watch/chippy");
    const entries = all(feed, "entry");
    expect(entries.map((entry) => textOf(entry, "id"))).toEqual([
      `https://tv.example/v/${live}`,
      `https://tv.example/v/${past}`,
    ]);
    expect(entries.map((entry) => linkOf(entry, "alternate"))).toEqual([
      "https://tv.example/watch/chippy",
      `https://tv.example/v/${past}`,
    ]);
    expect(entries.map((entry) => all(entry, "category")[0]?.attributes.get("term"))).toEqual(["live", undefined]);
    for (const element of [feed, ...entries])
      expect(textOf(element, "updated")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(entries.map((entry) => textOf(entry, "updated"))).toContain(textOf(feed, "updated"));
  });

  test("has recordings as enclosures", async () => {
    const channel = await platform.makeChannel("kept");
    const id = await channel.goLive();
    await channel.end();
    await platform.database.sql`insert into recordings (stream_id, state, size, duration, ingest_node)
      values (${id}, 'ready', 123456, 60, 'test')`;
    const [entry] = all(parse(await (await ask("kept")).text()), "entry");
    const enclosure = all(entry!, "link").find(({ attributes }) => attributes.get("rel") === "enclosure");
    expect(Object.fromEntries(enclosure?.attributes ?? [])).toMatchObject({
      href: `https://tv.example/vod/${id}/download.mp4`,
      type: "video/mp4",
      length: "123456",
    });
  });

  test("may be kept, and is not sent to who has it", async () => {
    await platform.makeChannel("kept-by-readers");
    const first = await ask("kept-by-readers");
    expect(first.headers.get("cache-control")).toMatch(/^public, max-age=60\b/);
    const again = await ask("kept-by-readers", { "if-none-match": first.headers.get("etag") ?? "" });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const packed = await ask("chippy", { "accept-encoding": "gzip" });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
  });

  test("is there for who knows an unlisted channel, and for nobody of a private one", async () => {
    const owner = await platform.makeUser();
    await platform.makeChannel("hidden-feed", { owner, visibility: "private" });
    await platform.makeChannel("unlisted-feed", { owner, visibility: "unlisted" });
    expect((await ask("unlisted-feed")).status).toBe(200);
    expect((await ask("hidden-feed", { ...owner.headers })).status).toBe(404);
    expect((await ask("no-such-channel")).status).toBe(404);
  });
});

test("characters that XML has no place for are left out", () => {
  const text = "a\u0000b\u0008c\ufffed\ud800e\tf";
  const feed = { id: "x", subtitle: null, author: "x", page: "x", self: "x", picture: null, updated: "x", entries: [] };
  expect(textOf(parse(atomOf({ ...feed, title: text })), "title")).toBe("abcd\ufffde\tf");
});

test.each([
  ["/watch/harbour/feed.xml", true],
  ["/watch/harbour", false],
  ["/watch/feed.xml", false],
  ["/api/health", true],
])("%s is the API's: %p", (path, is) => expect(isApiPath(path)).toBe(is));

test("nothing of this was a mistake of the server", () => expect(platform.failures).toEqual([]));
