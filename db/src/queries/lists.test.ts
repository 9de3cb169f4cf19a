/** The public reads: what they show, what they hide, and that their pages hold still while rows arrive. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { makeKeyVault } from "../key-vault.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { createUser } from "./accounts.ts";
import { createChannel } from "./channel-writes.ts";
import { getChannel, getChannelBySlug, listChannels } from "./channels.ts";
import { getStream, listStreams } from "./streams.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());

const VISIBILITIES = ["public", "unlisted", "private"] as const;

beforeEach(async () => {
  await emptyTables(handle);
  await createUser(handle.db, { username: "Anna", email: "anna@example.org", hashedPassword: "s3cret-hash" });
  for (const visibility of VISIBILITIES) {
    await createChannel(handle.db, vault, {
      slug: visibility,
      title: visibility,
      username: "Anna",
      visibility,
      streamKey: `s3cret-${visibility}`,
    });
  }
});

/** Starts are `seconds` after midnight; the same second more than once on purpose. */
async function addStreams(channelId: number, starts: readonly number[]): Promise<number[]> {
  const ids: number[] = [];
  for (const seconds of starts) {
    const [row] = await handle.sql<{ id: number }[]>`
      insert into streams (channel_id, title, started_at, ended_at) values
        (${channelId}, 's', '2026-11-24T00:00:00Z'::timestamptz + ${seconds} * interval '1 s', '2026-11-25T00:00:00Z') returning id`;
    ids.push(row!.id);
  }
  return ids;
}

describe("visibility", () => {
  test("lists show public ones; an id or a slug also finds unlisted ones; private ones don't exist", async () => {
    for (const id of [1, 2, 3]) await addStreams(id, [id]);
    expect((await listChannels(handle.db, { limit: 10 })).items.map((row) => row.slug)).toEqual(["public"]);
    expect((await listStreams(handle.db, { limit: 10 })).items.map((row) => row.channel.slug)).toEqual(["public"]);
    const ofChannel = async (channelId: number) =>
      (await listStreams(handle.db, { limit: 10, channelId })).items.length;
    expect([await ofChannel(1), await ofChannel(2), await ofChannel(3)]).toEqual([1, 1, 0]);
    const found = [];
    for (const id of [1, 2, 3]) {
      found.push([
        (await getChannel(handle.db, id))?.slug,
        (await getChannelBySlug(handle.db, VISIBILITIES[id - 1]!))?.slug,
        (await getStream(handle.db, id))?.channel.slug,
      ]);
    }
    expect(found).toEqual([
      ["public", "public", "public"],
      ["unlisted", "unlisted", "unlisted"],
      [undefined, undefined, undefined],
    ]);
  });

  test("no public read selects a stream key, a hash or where ingest runs", async () => {
    await addStreams(1, [1]);
    const { db } = handle;
    const everything = [
      await listChannels(db, { limit: 10 }),
      await listStreams(db, { limit: 10 }),
      await getChannel(db, 1),
      await getChannelBySlug(db, "public"),
      await getStream(db, 1),
    ];
    const text = JSON.stringify(everything);
    for (const hidden of ["s3cret", "streamKey", "hashedPassword", "ingestNode", "heartbeat", "anna@example.org"]) {
      expect(text).not.toContain(hidden);
    }
  });

  test("ids that can't be are not found, not an error", async () => {
    for (const id of [0, -1, 1.5, Number.NaN, 2 ** 31, 1e300]) {
      expect(await getStream(handle.db, id)).toBeNull();
      expect(await getChannel(handle.db, id)).toBeNull();
      expect((await listStreams(handle.db, { limit: 1, channelId: id })).items).toEqual([]);
    }
  });
});

describe("streams", () => {
  test("live, over, planned: each where it belongs", async () => {
    await handle.sql`insert into streams (channel_id, title, is_live, started_at) values (1, 'live', true, now())`;
    await handle.sql`insert into streams (channel_id, title, started_at, ended_at) values (1, 'over', '2026-11-24', '2026-11-24')`;
    await handle.sql`insert into streams (channel_id, title, scheduled_for) values (1, 'planned', '2026-12-24')`;
    const titles = async (live?: boolean) =>
      (await listStreams(handle.db, { limit: 10, live })).items.map((row) => row.title);
    expect(await titles(true)).toEqual(["live"]);
    expect(await titles(false)).toEqual(["over"]);
    expect(await titles()).toEqual(["live", "over"]);
    expect((await getStream(handle.db, 3))?.title).toBe("planned");
  });

  test("law: pages of any size give every row once, newest first, whatever arrives in front meanwhile", async () => {
    const starts = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(starts, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (seconds, limit, byChannel) => {
        await handle.sql`truncate streams restart identity cascade`;
        const ids = await addStreams(1, seconds);
        const expected = ids
          .map((id, index) => ({ id, start: seconds[index]! }))
          .sort((a, b) => b.start - a.start || b.id - a.id)
          .map(({ id }) => id);
        const seen: number[] = [];
        let cursor: string | null = null;
        do {
          const page = await listStreams(handle.db, { limit, cursor, ...(byChannel ? { channelId: 1 } : {}) });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items.map((row) => row.id));
          cursor = page.nextCursor;
          await addStreams(1, [1_000]);
        } while (cursor !== null);
        expect(seen).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });
});

test("channels: pages hold still while channels are added", async () => {
  for (let n = 0; n < 5; n++) await createChannel(handle.db, vault, { slug: `c${n}`, title: "c", username: "Anna" });
  const first = await listChannels(handle.db, { limit: 3 });
  await createChannel(handle.db, vault, { slug: "late", title: "late", username: "Anna" });
  const second = await listChannels(handle.db, { limit: 3, cursor: first.nextCursor });
  expect([...first.items, ...second.items].map((row) => row.slug)).toEqual(["c4", "c3", "c2", "c1", "c0", "public"]);
  expect(second.nextCursor).toBeNull();
  await expect(listChannels(handle.db, { limit: 3, cursor: "nonsense" })).rejects.toMatchObject({
    code: "database.bad-cursor",
  });
});
