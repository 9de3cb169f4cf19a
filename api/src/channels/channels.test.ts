/** Channels over HTTP: who may do what, and what is refused how. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { type Actor, makeActor, visitorOf } from "../../test/actors.ts";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { slugOf } from "./slug.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: Actor;
let eve: Actor;
let moderator: Actor;
let admin: Actor;
let nobody: Pick<Actor, "request">;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await makeActor(platform, "ada");
  eve = await makeActor(platform, "eve");
  moderator = await makeActor(platform, "mona", "moderator");
  admin = await makeActor(platform, "root", "admin");
  nobody = visitorOf(platform);
});
afterAll(() => platform?.close());

interface Channel {
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly description: string | null;
  readonly visibility: string;
  readonly owner: { readonly username: string };
}
interface Problem {
  readonly code: string;
  readonly status: number;
  readonly errors?: readonly { readonly field: string }[];
}

const read = async <T>(response: Promise<Response>): Promise<{ status: number; body: T }> => {
  const { status, ...rest } = await response.then(async (answer) => ({
    status: answer.status,
    text: await answer.text(),
  }));
  return { status, body: (rest.text === "" ? null : JSON.parse(rest.text)) as T };
};
const codeOf = async (response: Promise<Response>) => {
  const { status, body } = await read<Problem | null>(response);
  return `${status} ${body?.code ?? ""}`.trim();
};
let made = 0;
async function create(actor: Actor, more: object = {}): Promise<Channel> {
  const slug = `c${++made}`;
  const { status, body } = await read<Channel>(
    actor.request("POST", "/api/channels", { title: `Title of ${slug}`, slug, ...more }),
  );
  if (status !== 201) throw new Error(`not made: ${JSON.stringify(body)}`);
  return body;
}
/** Makes room under the limit of channels. */
const clear = (actor: Actor) => platform.database.sql`delete from channels where user_id = ${actor.id}`;

const goLive = async (channel: Channel): Promise<number> => {
  const { db } = platform.database;
  const streamKey = await queries.channelKey(db, platform.vault, channel.slug);
  const result = await queries.goLive(db, platform.vault, {
    streamKey,
    address: "192.0.2.7",
    nodeId: "n",
    staleAfterMs: 60_000,
  });
  if (result.kind !== "live") throw new Error(result.kind);
  return result.streamId;
};

describe("creating", () => {
  test("gives the channel, its address, and nothing secret", async () => {
    const answer = await ada.request("POST", "/api/channels", {
      title: "  Ночная  кухня ",
      description: "Первая строка\r\nвторая",
      visibility: "unlisted",
    });
    const body = (await answer.json()) as Channel;
    expect([answer.status, answer.headers.get("location"), answer.headers.get("cache-control")]).toEqual([
      201,
      `/api/channels/${body.id}`,
      "no-store",
    ]);
    expect(body).toMatchObject({
      slug: "nochnaya-kukhnya",
      title: "Ночная кухня",
      description: "Первая строка\nвторая",
      visibility: "unlisted",
      owner: { username: "ada" },
    });
    expect(JSON.stringify(body)).not.toMatch(/key|sealed|search|blocked|@/i);
    await clear(ada);
  });

  test("a name made of the title gives way to another one; a chosen one is a conflict", async () => {
    const slugs: string[] = [];
    for (let n = 0; n < 3; n++)
      slugs.push((await read<Channel>(ada.request("POST", "/api/channels", { title: "Same" }))).body.slug);
    expect(slugs[0]).toBe("same");
    expect(new Set(slugs).size).toBe(3);
    for (const slug of slugs) expect(slug).toMatch(/^same(-[0-9a-f]{6})?$/);
    const taken = await read<Problem>(eve.request("POST", "/api/channels", { title: "Same", slug: "same" }));
    expect(taken).toMatchObject({ status: 409, body: { code: "channel.slug-taken", errors: [{ field: "/slug" }] } });
    await clear(ada);
  });

  test("of many at once with one name, one gets it; nobody gets more channels than there may be", async () => {
    const named = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        codeOf((n % 2 ? ada : eve).request("POST", "/api/channels", { title: "x", slug: "one-name" })),
      ),
    );
    expect(named.filter((code) => code === "201").length).toBe(1);
    expect(new Set(named)).toEqual(new Set(["201", "409 channel.slug-taken"]));
    await clear(ada);
    await clear(eve);
    const many = await Promise.all(
      Array.from({ length: 14 }, (_, n) => codeOf(ada.request("POST", "/api/channels", { title: `Many ${n}` }))),
    );
    expect(many.filter((code) => code === "201").length).toBe(10);
    expect(many.filter((code) => code === "409 channel.limit").length).toBe(4);
    await clear(ada);
  });

  test.each([
    ["no title", {}],
    ["an empty title", { title: "" }],
    ["a title of blanks", { title: " \u200b\u3000 " }],
    ["a title of 201", { title: "x".repeat(201) }],
    ["a title that is a number", { title: 7 }],
    ["a title that is null", { title: null }],
    ["a title that is a list", { title: ["x"] }],
    ["a NUL in the title", { title: "a\0b" }],
    ["a line break in the title", { title: "a\nb" }],
    ["a title written backwards", { title: "a\u202eb" }],
    ["half a character", { title: "a\ud800" }],
    ["an empty name", { title: "x", slug: "" }],
    ["a name in capitals", { title: "x", slug: "Upper" }],
    ["a name with a slash", { title: "x", slug: "a/b" }],
    ["a name of 65", { title: "x", slug: "s".repeat(65) }],
    ["a name with a line break", { title: "x", slug: "a\n" }],
    ["a Cyrillic name", { title: "x", slug: "\u0430\u0431" }],
    ["a name that is a number", { title: "x", slug: 7 }],
    ["a description of 5001", { title: "x", description: "x".repeat(5_001) }],
    ["a NUL in the description", { title: "x", description: "\0" }],
    ["an unknown visibility", { title: "x", visibility: "secret" }],
    ["an empty visibility", { title: "x", visibility: "" }],
    ["no object", []],
    ["a text", '"x"'],
  ])("%s is refused with the field's name", async (_name, body) => {
    for (const [method, path] of [
      ["POST", "/api/channels"],
      ["PUT", "/api/channels/1"],
    ] as const) {
      const answer = await read<Problem>(ada.request(method, path, body));
      // What has no title may still be a change.
      if (method === "PUT" && answer.status === 404) continue;
      expect([answer.status, answer.body.code]).toEqual([422, "request.invalid"]);
      expect(answer.body.errors?.length).toBeGreaterThan(0);
    }
  });

  test("what is no JSON can't be read", async () => {
    for (const body of ["{", "\0", "title=x"]) {
      const code = await codeOf(ada.request("POST", "/api/channels", body));
      expect(["400 request.unreadable", "422 request.invalid"]).toContain(code);
    }
  });

  test("nobody else's fields can be set", async () => {
    const channel = await create(ada, {
      id: 1_000_000,
      userId: eve.id,
      streamKey: "chosen-by-me",
      isLive: true,
      viewersCount: 5,
      createdAt: "2000-01-01T00:00:00Z",
    });
    const [row] = await platform.database
      .sql`select user_id, is_live, viewers_count from channels where id = ${channel.id}`;
    expect(row).toEqual({ user_id: ada.id, is_live: false, viewers_count: 0 });
    expect(channel.id).toBeLessThan(1_000_000);
    await clear(ada);
  });

  test("hostile text is text", async () => {
    const title = "<script>alert(1)</script> '; drop table channels; -- {{x}} %s";
    const channel = await create(ada, { title });
    expect((await read<Channel>(nobody.request("GET", `/api/channels/${channel.id}`))).body.title).toBe(title);
    await clear(ada);
  });
});

describe("who may do what", () => {
  const routes = (id: number | string) =>
    [
      ["GET", `/api/channels/${id}`],
      ["PUT", `/api/channels/${id}`, { title: "New" }],
      ["GET", `/api/channels/${id}/stream-key`],
      ["POST", `/api/channels/${id}/regenerate-stream-key`],
      ["DELETE", `/api/channels/${id}`],
    ] as const;
  const outcomes = async (actor: Pick<Actor, "request">, id: number | string) => {
    const codes: string[] = [];
    for (const [method, path, body] of routes(id)) codes.push(await codeOf(actor.request(method, path, body)));
    return codes;
  };

  test("a public channel: everyone reads it, its owner and admins do the rest", async () => {
    const { id } = await create(ada);
    expect(await outcomes(nobody, id)).toEqual(["200", ...Array(4).fill("401 auth.required")]);
    const foreign = ["200", ...Array(4).fill("403 auth.forbidden")];
    expect(await outcomes(eve, id)).toEqual(foreign);
    expect(await outcomes(moderator, id)).toEqual(foreign);
    expect(await outcomes(ada, id)).toEqual(["200", "200", "200", "200", "204"]);
    const { id: another } = await create(ada);
    expect(await outcomes(admin, another)).toEqual(["200", "200", "200", "200", "204"]);
  });

  test("a private channel does not exist for others", async () => {
    const { id, slug } = await create(ada, { visibility: "private" });
    const missing = "404 channel.not-found";
    expect(await outcomes(nobody, id)).toEqual([missing, ...Array(4).fill("401 auth.required")]);
    expect(await outcomes(eve, id)).toEqual(Array(5).fill(missing));
    expect(await outcomes(moderator, id)).toEqual(Array(5).fill(missing));
    const bySlug = async (actor: Pick<Actor, "request">) =>
      (await read<{ items: unknown[] }>(actor.request("GET", `/api/channels?slug=${slug}`))).body.items.length;
    expect([await bySlug(nobody), await bySlug(eve), await bySlug(ada), await bySlug(admin)]).toEqual([0, 0, 1, 1]);
    // No list shows it, not even its owner's: those of an account have their own address.
    for (const actor of [nobody, ada, admin]) {
      const { body } = await read<{ items: Channel[] }>(actor.request("GET", "/api/channels?limit=100"));
      expect(body.items.map((channel) => channel.slug)).not.toContain(slug);
    }
    expect(await outcomes(ada, id)).toEqual(["200", "200", "200", "200", "204"]);
  });

  test.each(["0", "-1", "999999", "2147483648", "99999999999999999999", "1e300"])("id %s is not found", async (id) => {
    const codes = await outcomes(ada, id);
    for (const code of codes) expect(["404 channel.not-found", "422 request.invalid"]).toContain(code);
    expect(new Set(codes).size).toBe(1);
  });

  test.each(["x", "1.5", "NaN", "1;drop", "%00"])("id %s is no id", async (id) => {
    expect(new Set(await outcomes(ada, id))).toEqual(new Set(["422 request.invalid"]));
  });

  test("what a signed-in reader gets is for nobody's cache", async () => {
    const { id } = await create(ada);
    const cacheOf = async (actor: Pick<Actor, "request">) =>
      (await actor.request("GET", `/api/channels/${id}`)).headers.get("cache-control");
    expect(await cacheOf(ada)).toBe("no-store");
    expect(await cacheOf(nobody)).toStartWith("public");
    await clear(ada);
  });
});

describe("changing", () => {
  test("changes what is given and leaves the rest", async () => {
    const channel = await create(ada, { description: "Old" });
    const put = (body: object) => read<Channel>(ada.request("PUT", `/api/channels/${channel.id}`, body));
    expect((await put({ title: "New" })).body).toMatchObject({ title: "New", description: "Old", slug: channel.slug });
    expect((await put({})).body).toMatchObject({ title: "New", description: "Old" });
    expect((await put({ description: "" })).body.description).toBeNull();
    expect((await put({ slug: "renamed", visibility: "private" })).body).toMatchObject({
      slug: "renamed",
      visibility: "private",
    });
    const other = await create(ada);
    expect(await codeOf(ada.request("PUT", `/api/channels/${other.id}`, { slug: "renamed" }))).toBe(
      "409 channel.slug-taken",
    );
    await clear(ada);
  });

  test("while it is live, its name and privacy stay", async () => {
    const channel = await create(ada);
    await goLive(channel);
    const path = `/api/channels/${channel.id}`;
    expect(await codeOf(ada.request("PUT", path, { slug: "elsewhere" }))).toBe("409 channel.live");
    expect(await codeOf(ada.request("PUT", path, { visibility: "private" }))).toBe("409 channel.live");
    expect(await codeOf(ada.request("PUT", path, { title: "Still here", visibility: "unlisted" }))).toBe("200");
    await clear(ada);
  });
});

describe("the stream key", () => {
  test("is shown with its last use", async () => {
    const channel = await create(ada);
    const path = `/api/channels/${channel.id}/stream-key`;
    const before = await read<{ streamKey: string; lastUsedAt: null; lastUsedFrom: null }>(ada.request("GET", path));
    expect(before.body).toEqual({
      streamKey: expect.stringMatching(/^[\w-]{32}$/),
      lastUsedAt: null,
      lastUsedFrom: null,
    });
    await goLive(channel);
    const after = await read<{ lastUsedAt: string }>(ada.request("GET", path));
    expect(after.body).toMatchObject({ streamKey: before.body.streamKey, lastUsedFrom: "192.0.2.7" });
    expect(new Date(after.body.lastUsedAt).toISOString()).toBe(after.body.lastUsedAt);
    expect((await ada.request("GET", path)).headers.get("cache-control")).toBe("no-store");
    await clear(ada);
  });

  test("a new one cuts off who publishes with the old one, and says so on the bus", async () => {
    const channel = await create(ada);
    const old = await queries.channelKey(platform.database.db, platform.vault, channel.slug);
    const told: string[] = [];
    const leave = await platform.bus.events.subscribe(
      ["ingest", "streams", `channel:${channel.id}`],
      ({ topic, data }) => told.push(`${topic.split(":")[0]} ${(JSON.parse(data) as { type: string }).type}`),
    );
    const streamId = await goLive(channel);
    const path = `/api/channels/${channel.id}/regenerate-stream-key`;
    const { body } = await read<{ streamKey: string }>(ada.request("POST", path));
    expect(body.streamKey).not.toBe(old);
    expect(await queries.channelKey(platform.database.db, platform.vault, channel.slug)).toBe(body.streamKey);
    expect(told.sort()).toEqual(["channel stream.ended", "ingest cut", "streams stream.ended"]);
    const [row] = await platform.database
      .sql`select is_live, ended_at is not null as over from streams where id = ${streamId}`;
    expect(row).toEqual({ is_live: false, over: true });
    await leave();
    await clear(ada);
  });

  test("one that was sealed with another secret is a conflict that a new key mends", async () => {
    const channel = await create(ada);
    await platform.database.sql`update channels set stream_key_sealed = 'v1.AAAA' where id = ${channel.id}`;
    const path = `/api/channels/${channel.id}`;
    expect(await codeOf(ada.request("GET", `${path}/stream-key`))).toBe("409 channel.key-unreadable");
    expect(await codeOf(ada.request("POST", `${path}/regenerate-stream-key`))).toBe("200");
    expect(await codeOf(ada.request("GET", `${path}/stream-key`))).toBe("200");
    await clear(ada);
  });
});

test("deleting ends the broadcast first and takes everything along", async () => {
  const channel = await create(ada);
  const told: object[] = [];
  const leave = await platform.bus.events.subscribe(["ingest"], ({ data }) => told.push(JSON.parse(data)));
  const streamId = await goLive(channel);
  expect(await codeOf(ada.request("DELETE", `/api/channels/${channel.id}`))).toBe("204");
  expect(told).toEqual([{ type: "cut", streamId, reason: "This channel was deleted." }]);
  expect(await codeOf(nobody.request("GET", `/api/streams/${streamId}`))).toBe("404 stream.not-found");
  expect(await codeOf(ada.request("DELETE", `/api/channels/${channel.id}`))).toBe("404 channel.not-found");
  await leave();
});

describe("lists", () => {
  test("are searched and sorted", async () => {
    await create(ada, { title: "Гавань Северного моря", slug: "harbour" });
    await create(ada, { title: "Chess club", slug: "chess" });
    const slugs = async (query: string) =>
      (await read<{ items: Channel[] }>(nobody.request("GET", `/api/channels?${query}`))).body.items.map(
        ({ slug }) => slug,
      );
    expect(await slugs(`q=${encodeURIComponent("гавани")}`)).toEqual(["harbour"]);
    expect(await slugs(`q=${encodeURIComponent("ches")}`)).toEqual(["chess"]);
    expect((await slugs("q=")).length).toBeGreaterThan(1);
    expect(await slugs("sort=newest&limit=2")).toEqual(["chess", "harbour"]);
    await goLive({ slug: "harbour" } as Channel);
    expect((await slugs("sort=live&limit=1"))[0]).toBe("harbour");
    for (const query of ["sort=best", "sort=", `q=${"x".repeat(101)}`, "q=%00", "cursor=x", "limit=x", "q=%E2%80%AE"])
      expect((await nobody.request("GET", `/api/channels?${query}`)).status).toBe(422);
    await clear(ada);
  });
});

test.each([
  ["Late kitchen", "late-kitchen"],
  ["Щука и ёж: объём", "shchuka-i-ezh-obem"],
  ["  Café Zürich!  ", "cafe-zurich"],
  ["Straße № 5", "strasse-no-5"],
  ["日本", "channel"],
  ["---", "channel"],
  ["x".repeat(200), "x".repeat(56)],
])("the name of %p is %s", (title, slug) => expect(slugOf(title)).toBe(slug));

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
