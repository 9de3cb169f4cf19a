/** Searching channels and streams in English and Russian, and whatever else people type into a search box. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { makeKeyVault } from "../key-vault.ts";
import { openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { createUser } from "./accounts.ts";
import { createChannel } from "./channel-writes.ts";
import { type ChannelSort, listChannels } from "./channels.ts";
import { listStreams, type StreamSort } from "./streams.ts";

setDefaultTimeout(120_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
let handle: ScratchDatabase;

const CHANNELS = [
  ["harbour", "North Sea harbour", "Ships come and go. 100% calm, no_talking."],
  ["kitchen", "Late kitchen", "Cooking what is left in the fridge"],
  ["night", "Ночная кухня", "Готовим из того, что осталось в холодильнике"],
  ["hockey", "Хоккей с мячом", "Прямые трансляции матчей"],
  ["code", "Вечернее программирование", "Пишем сервер на TypeScript"],
  ["music", "Музыка для работы", "Спокойные мелодии"],
  ["chess", "Chess for beginners", "Openings and end games"],
  ["drop", "'; drop table channels; --", "A title with an <b>edge</b>"],
  ["cafe", "Café Zürich", "Ёлки и ели"],
] as const;

beforeAll(async () => {
  handle = await openScratchDatabase();
  await createUser(handle.db, { username: "anna", email: "anna@example.org", hashedPassword: "x" });
  for (const [slug, title, description] of CHANNELS)
    await createChannel(handle.db, vault, { slug, title, description, username: "anna" });
  await createChannel(handle.db, vault, {
    slug: "hidden",
    title: "Hidden kitchen",
    username: "anna",
    visibility: "private",
  });
  await createChannel(handle.db, vault, {
    slug: "quiet",
    title: "Quiet kitchen",
    username: "anna",
    visibility: "unlisted",
  });
  await handle.sql`insert into streams (channel_id, title, description, started_at, ended_at, view_count)
    select id, title, description, now() - id * interval '1 h', now(), id * 10 from channels`;
});
afterAll(() => handle.close());

const channels = async (q: string, sort?: ChannelSort) =>
  (await listChannels(handle.db, { limit: 50, q, sort })).items.map(({ slug }) => slug);
const streams = async (q: string, sort?: StreamSort) =>
  (await listStreams(handle.db, { limit: 50, q, sort })).items.map(({ channel }) => channel.slug);

describe("what is found", () => {
  test.each([
    // English: forms of a word, words of the description, any order.
    ["harbours", ["harbour"]],
    ["ship coming", ["harbour"]],
    ["KITCHEN late", ["kitchen"]],
    ["cooked", ["kitchen"]],
    ["beginner", ["chess"]],
    ["typescript", ["code"]],
    // Russian: cases, numbers, verb forms.
    ["кухни", ["night"]],
    ["КУХНЕЙ", ["night"]],
    ["ночные кухни", ["night"]],
    ["прямая трансляция", ["hockey"]],
    ["холодильник", ["night"]],
    ["мелодия", ["music"]],
    ["елка", ["cafe"]],
    ["сервера typescript", ["code"]],
    // Typos, in both.
    ["kitchn", ["kitchen"]],
    ["harbor", ["harbour"]],
    ["хокей", ["hockey"]],
    ["прграмирование", ["code"]],
    ["кухнч", ["night"]],
    ["cafe", ["cafe"]],
    ["zurich", ["cafe"]],
    ["muzyka", ["music"]],
    // The beginning of a word is enough.
    ["kitch", ["kitchen"]],
    ["музы", ["music"]],
    // Operators of a web search.
    ['"late kitchen"', ["kitchen"]],
    ['"kitchen late"', []],
    ["«ночная кухня»", ["night"]],
    ["“north sea”", ["harbour"]],
    ["cooking -fridge", []],
    ["готовим -холодильник", []],
    ["кухня -хоккей", ["night"]],
    // Nothing of a pattern or of SQL means anything.
    ["%", []],
    ["_", []],
    ["*", []],
    ["\\", []],
    ["100%", ["harbour"]],
    ["'; drop table channels; --", ["drop"]],
    ["' or 1=1 --", []],
    ["<b>", []],
    ["!", []],
    ["&", []],
    ["( | )", []],
    [":*", []],
    ["x".repeat(100), []],
    ["unrelated", []],
    ["совершенно другое", []],
  ] as const)("%s", async (q, expected) => {
    expect(await channels(q)).toEqual([...expected]);
    expect(await streams(q)).toEqual([...expected]);
  });

  test("either of two", async () => {
    expect((await channels("chess or harbour")).sort()).toEqual(["chess", "harbour"]);
    expect((await channels("хоккей or chess")).sort()).toEqual(["chess", "hockey"]);
  });

  test("private and unlisted ones never, by nobody", async () => {
    for (const q of ["kitchen", "hidden", "quiet"]) {
      const found = [...(await channels(q)), ...(await streams(q))];
      expect(found.filter((slug) => slug === "hidden" || slug === "quiet")).toEqual([]);
    }
  });

  test("nothing to look for is the list itself", async () => {
    for (const q of ["", "   "]) expect(await channels(q)).toHaveLength(CHANNELS.length);
  });
});

describe("order", () => {
  test("a title counts more than a description, and there the word itself more than what is like it", async () => {
    const { db, sql } = handle;
    await createChannel(db, vault, { slug: "a", title: "Zebra", username: "anna" });
    await createChannel(db, vault, { slug: "b", title: "Animals", description: "zebra", username: "anna" });
    await createChannel(db, vault, { slug: "c", title: "Zebru", username: "anna" });
    expect(await channels("zebra")).toEqual(["a", "c", "b"]);
    expect((await channels("zebra", "newest")).toString()).toBe("c,b,a");
    await sql`delete from channels where slug in ('a', 'b', 'c')`;
  });

  test("streams can be sorted by age and views too", async () => {
    const { db } = handle;
    const ids = async (sort: StreamSort) => (await listStreams(db, { limit: 50, sort })).items.map(({ id }) => id);
    expect(await ids("newest")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await ids("oldest")).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await ids("views")).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await ids("viewers")).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await ids("relevance")).toEqual(await ids("newest"));
  });

  test("channels by liveness and viewers", async () => {
    const { db, sql } = handle;
    await sql`update channels set is_live = slug in ('music', 'chess'), viewers_count = case slug when 'cafe' then 7 when 'night' then 9 else 0 end`;
    const slugs = async (sort: ChannelSort) =>
      (await listChannels(db, { limit: 3, sort })).items.map(({ slug }) => slug);
    expect(await slugs("live")).toEqual(["chess", "music", "cafe"]);
    expect(await slugs("viewers")).toEqual(["night", "cafe", "drop"]);
    await sql`update channels set is_live = false, viewers_count = 0`;
  });
});

describe("pages", () => {
  const SORTS = ["newest", "oldest", "viewers", "views", "relevance"] as const;

  test("law: in every order, of any size, each row comes once whatever arrives meanwhile", async () => {
    const { db, sql } = handle;
    await sql`insert into streams (channel_id, title, started_at, ended_at, view_count)
      select 1 + n % 3, 'walrus ' || (n % 4), now() - (n % 5) * interval '1 day', now(), n % 3 from generate_series(1, 23) n`;
    await sql`update channels set viewers_count = id where id < 3`;
    const walrus = async (sort: StreamSort, limit: number, meddle: boolean) => {
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const page = await listStreams(db, { limit, cursor, sort, q: "walrus" });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        // A later start, more views and a better fit: in front of everything, in every order but the oldest.
        if (meddle && sort !== "oldest")
          await sql`insert into streams (channel_id, title, started_at, ended_at, view_count) values (2, 'walrus', now() + interval '1 day', now() + interval '2 day', 1000)`;
      } while (cursor !== null);
      await sql`delete from streams where title = 'walrus'`;
      return seen;
    };
    const sizes = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SORTS), sizes, async (sort, limit) => {
        const whole = await walrus(sort, 100, false);
        expect(whole).toHaveLength(23);
        expect(new Set(whole).size).toBe(23);
        expect(await walrus(sort, limit, true)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
    await sql`delete from streams where title like 'walrus%'`;
  });

  test("a cursor belongs to its order; made-up ones are refused, whatever numbers they hold", async () => {
    const { db } = handle;
    const { nextCursor } = await listStreams(db, { limit: 1, sort: "views" });
    const bad = { code: "database.bad-cursor" };
    await expect(listStreams(db, { limit: 1, sort: "newest", cursor: nextCursor })).rejects.toMatchObject(bad);
    const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(8.64e15, -8.64e15, 2 ** 31 - 1));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 8 }),
        number,
        number,
        fc.constantFrom(...SORTS),
        async (tag, key, id, sort) => {
          const cursor = Buffer.from([tag, key, id].join(".")).toString("base64url");
          const code = await listStreams(db, { limit: 1, sort, cursor, q: "kitchen" }).then(
            () => "fine",
            (error) => error.code,
          );
          expect(["fine", "database.bad-cursor"]).toContain(code);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test("law: no text makes a search fail", async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 100, unit: "binary" }),
    fc.string({ maxLength: 100, unit: fc.constantFrom(..."\"'-()&|!:*\\%_<>~ кe") }),
  );
  await fc.assert(
    fc.asyncProperty(text, async (q) => {
      await listChannels(handle.db, { limit: 3, q: q.toWellFormed() });
      await listStreams(handle.db, { limit: 3, q: q.toWellFormed() });
    }),
    { numRuns: 200 },
  );
});

test("a search reads both indexes", async () => {
  const { sql } = handle;
  await sql.begin(async (tx) => {
    await tx`insert into streams (channel_id, title, started_at, ended_at) select 1, md5(n::text), now(), now() from generate_series(1, 2000) n`;
    await tx.unsafe("analyze streams; set local enable_seqscan = off");
    const columns = 'translate(lower("streams"."title"), ';
    const [definition] = await tx<{ indexdef: string }[]>`
      select indexdef from pg_indexes where indexname = 'streams_title_letters_index'`;
    const letters = /translate\(.*?, '(.*?)'::text, '(.*?)'::text\)/.exec(definition!.indexdef)!;
    const title = `${columns}'${letters[1]}', '${letters[2]}')`;
    const plan = await tx.unsafe(
      `explain select id from streams where search @@ websearch_to_tsquery('english', 'kitchen') or 'kitchn' <% ${title}`,
    );
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text).toContain("streams_search_index");
    expect(text).toContain("streams_title_letters_index");
    await tx`delete from streams where length(title) = 32`;
  });
});
