import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { makeKeyVault } from "../key-vault.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { channelKey, findChannelByKey, sealPlainKeys, streamKeyOf } from "./channel-keys.ts";
import { createChannel } from "./channel-writes.ts";
import { goLive } from "./publishing.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const other = makeKeyVault("another secret of 32 characters and more!");
let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(() => emptyTables(handle));

const live = (streamKey: string) => goLive(handle.db, vault, { streamKey, nodeId: "n", staleAfterMs: 60_000 });

/** Rows as releases before the vault wrote them. */
async function addPlain(count: number): Promise<void> {
  await createChannel(handle.db, vault, { slug: "new", title: "New", streamKey: "key-of-new" });
  await handle.sql`insert into channels (user_id, slug, title, stream_key)
    select 1, 'old-' || n, 'Old', 'plain-key-' || n from generate_series(1, ${count}) n`;
}

test("no row holds a key that could be used", async () => {
  const { streamKey, id } = await createChannel(handle.db, vault, { slug: "one", title: "One" });
  const rows = await handle.sql`select * from channels`;
  expect(JSON.stringify(rows)).not.toContain(streamKey);
  expect(await channelKey(handle.db, vault, "one")).toBe(streamKey);
  expect(await findChannelByKey(handle.db, vault, streamKey)).toMatchObject({ id, slug: "one" });
  expect(await findChannelByKey(handle.db, vault, rows[0]!.stream_key)).toBeNull();
  expect(await streamKeyOf(handle.db, vault, id)).toEqual({ streamKey, lastUsedAt: null, lastUsedFrom: null });
  expect(await streamKeyOf(handle.db, vault, 99)).toBeNull();
});

test("what a new channel gives back holds its key and neither the sealed one nor search words", async () => {
  const channel = await createChannel(handle.db, vault, { slug: "one", title: "One" });
  expect(Object.keys(channel).filter((name) => /sealed|search|blocked/i.test(name))).toEqual([]);
});

test("keys from before are sealed once, by however many processes that start at once", async () => {
  await addPlain(1_203);
  // Readable even before: a command may come first.
  expect(await channelKey(handle.db, vault, "old-7")).toBe("plain-key-7");
  const done = await Promise.all(Array.from({ length: 4 }, () => sealPlainKeys(handle.db, vault)));
  expect(done.reduce((sum, { sealed }) => sum + sealed, 0)).toBe(1_203);
  expect(done.every(({ foreign }) => !foreign)).toBe(true);
  expect(await channelKey(handle.db, vault, "old-7")).toBe("plain-key-7");
  expect(await channelKey(handle.db, vault, "new")).toBe("key-of-new");
  expect(await live("plain-key-1203")).toMatchObject({ kind: "live", slug: "old-1203" });
  const [row] = await handle.sql`select count(*)::int as n from channels where stream_key like 'plain%'`;
  expect(row).toEqual({ n: 0 });
  expect(await sealPlainKeys(handle.db, vault)).toEqual({ sealed: 0, foreign: false });
});

test("a key sealed with another secret is said, with what to do, and opens nothing", async () => {
  const { streamKey } = await createChannel(handle.db, other, { slug: "one", title: "One" });
  for (const read of [() => channelKey(handle.db, vault, "one"), () => streamKeyOf(handle.db, vault, 1)]) {
    const error: unknown = await read().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "database.stream-key-unreadable" });
    expect(String(error)).toMatch(/STREAM_KEY_SECRET.*make a new key/);
  }
  expect(await live(streamKey)).toEqual({ kind: "unknown-key" });
  // A wrong secret seals nothing more.
  await handle.sql`insert into channels (user_id, slug, title, stream_key) values (1, 'old', 'Old', 'plain-key')`;
  expect(await sealPlainKeys(handle.db, vault)).toEqual({ sealed: 0, foreign: true });
  expect(await channelKey(handle.db, vault, "old")).toBe("plain-key");
  await handle.sql`delete from channels where slug = 'old'`;
  await createChannel(handle.db, vault, { slug: "two", title: "Two" });
  expect(await sealPlainKeys(handle.db, vault)).toEqual({ sealed: 0, foreign: false });
});

test("an empty database has no foreign keys", async () => {
  expect(await sealPlainKeys(handle.db, vault)).toEqual({ sealed: 0, foreign: false });
});
