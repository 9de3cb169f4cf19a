import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { DatabaseError } from "../database-error.ts";
import { makeKeyVault } from "../key-vault.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { createUser, PLACEHOLDER_USERNAME } from "./accounts.ts";
import { channelKey } from "./channel-keys.ts";
import { claimChannel, createChannel, ensureFirstChannel, FIRST_CHANNEL_SLUG } from "./channel-writes.ts";
import { getChannelBySlug } from "./channels.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(() => emptyTables(handle));

const anna = { username: "Anna", email: "anna@example.org", hashedPassword: "hash-of-anna" };

test("a user comes back without the hash; names and addresses are taken whatever their case", async () => {
  const account = await createUser(handle.db, { ...anna, role: "admin" });
  expect(account).toMatchObject({ id: 1, username: "Anna", role: "admin", isActive: true });
  expect(JSON.stringify(account)).not.toContain("hash-of-anna");
  await expect(createUser(handle.db, { ...anna, username: "aNNA", email: "b@example.org" })).rejects.toMatchObject({
    code: "database.username-taken",
  });
  await expect(createUser(handle.db, { ...anna, username: "b", email: "ANNA@example.org" })).rejects.toMatchObject({
    code: "database.email-taken",
  });
});

test("a channel has a key of 192 random bits of its own", async () => {
  await createUser(handle.db, anna);
  const one = await createChannel(handle.db, vault, { slug: "one", title: "One", username: "ANNA" });
  const two = await createChannel(handle.db, vault, {
    slug: "two",
    title: "Two",
    username: "Anna",
    visibility: "private",
  });
  expect(one).toMatchObject({ slug: "one", userId: 1, visibility: "public", isLive: false });
  expect(one.streamKey).toMatch(/^[\w-]{32}$/);
  expect(two.streamKey).not.toBe(one.streamKey);
  expect(await channelKey(handle.db, vault, "two")).toBe(two.streamKey);
});

test("what is wrong with a channel is said without its key", async () => {
  await createUser(handle.db, anna);
  await createChannel(handle.db, vault, { slug: "one", title: "One", username: "Anna", streamKey: "s3cret-key" });
  for (const [channel, code] of [
    [{ slug: "one", title: "x", streamKey: "s3cret-2" }, "database.slug-taken"],
    [{ slug: "two", title: "x", streamKey: "s3cret-key" }, "database.stream-key-taken"],
    [{ slug: "s3cret-key", title: "x", streamKey: "s3cret-key" }, "database.constraint"],
    [{ slug: "Upper", title: "x" }, "database.constraint"],
    [{ slug: "two", title: "x".repeat(201), streamKey: "s3cret-3" }, "database.failed"],
    [{ slug: "two", title: "x", username: "nobody" }, "database.no-such-user"],
  ] as const) {
    const error = await createChannel(handle.db, vault, channel).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseError);
    expect((error as DatabaseError).code).toBe(code);
    // The whole error as a log would print it: properties and causes too.
    expect(Bun.inspect(error).replaceAll(/^\s*\d+ \|.*$/gm, "")).not.toContain("s3cret");
  }
  await expect(channelKey(handle.db, vault, "nowhere")).rejects.toMatchObject({ code: "database.no-such-channel" });
});

test("an empty database gets one ready channel, also when several ask at once", async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => ensureFirstChannel(handle.db, vault)));
  const made = answers.filter((answer) => answer.created);
  expect(made).toHaveLength(1);
  expect(made[0]?.slug).toBe(FIRST_CHANNEL_SLUG);
  expect(await channelKey(handle.db, vault, FIRST_CHANNEL_SLUG)).toBe(made[0]!.streamKey);
  expect(await ensureFirstChannel(handle.db, vault)).toEqual({ created: false });
});

test("a database with an account gets none", async () => {
  await createUser(handle.db, anna);
  expect(await ensureFirstChannel(handle.db, vault)).toEqual({ created: false });
  expect(await getChannelBySlug(handle.db, FIRST_CHANNEL_SLUG)).toBeNull();
});

test("nobody can sign in as the placeholder, and checking a password against it is no error", async () => {
  await ensureFirstChannel(handle.db, vault);
  const [row] = await handle.sql<{ hashed_password: string }[]>`select hashed_password from users`;
  expect(await Bun.password.verify("", row!.hashed_password)).toBe(false);
});

test("claiming hands the channel over; the placeholder goes with its last one", async () => {
  await ensureFirstChannel(handle.db, vault);
  await createChannel(handle.db, vault, { slug: "second", title: "Second" });
  await createUser(handle.db, anna);
  await createUser(handle.db, { ...anna, username: "Bob", email: "bob@example.org" });
  const owner = async (slug: string) => (await getChannelBySlug(handle.db, slug))?.owner.username;
  expect(await owner("second")).toBe(PLACEHOLDER_USERNAME);

  await claimChannel(handle.db, FIRST_CHANNEL_SLUG, "anna");
  await claimChannel(handle.db, FIRST_CHANNEL_SLUG, "anna");
  expect([await owner(FIRST_CHANNEL_SLUG), await owner("second")]).toEqual(["Anna", PLACEHOLDER_USERNAME]);
  await expect(claimChannel(handle.db, FIRST_CHANNEL_SLUG, "Bob")).rejects.toMatchObject({
    code: "database.channel-owned",
  });
  await expect(claimChannel(handle.db, "nowhere", "Bob")).rejects.toMatchObject({ code: "database.no-such-channel" });
  await expect(claimChannel(handle.db, "second", "nobody")).rejects.toMatchObject({ code: "database.no-such-user" });

  await claimChannel(handle.db, "second", "Bob");
  expect([...(await handle.sql`select username from users order by id`)]).toEqual([
    { username: "Anna" },
    { username: "Bob" },
  ]);
});

test("someone who is called like the placeholder is no obstacle", async () => {
  await createUser(handle.db, { ...anna, username: PLACEHOLDER_USERNAME });
  const channel = await createChannel(handle.db, vault, { slug: "one", title: "One" });
  expect(channel.userId).not.toBe(1);
  await expect(createUser(handle.db, { ...anna, email: "x@example.org", username: "OWNER" })).rejects.toMatchObject({
    code: "database.username-taken",
  });
});
