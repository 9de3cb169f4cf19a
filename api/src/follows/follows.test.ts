/** Following channels: once, whatever is repeated; only what may be seen; gone with either side. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

interface Followed {
  items: { followedAt: string; channel: { id: number; slug: string; isLive: boolean } }[];
  nextCursor: string | null;
}
const follow = (user: TestUser, id: number) => user.request("PUT", `/api/channels/${id}/follow`);
const unfollow = (user: TestUser, id: number) => user.request("DELETE", `/api/channels/${id}/follow`);
const followed = async (user: TestUser, query = "") =>
  (await (await user.request("GET", `/api/follows${query}`)).json()) as Followed;
const ids = async (user: TestUser) =>
  ((await (await user.request("GET", "/api/follows/ids")).json()) as { items: { id: number }[] }).items.map(
    ({ id }) => id,
  );
const followers = async (id: number) =>
  ((await (await platform.request("GET", `/api/channels/${id}`)).json()) as { followersCount: number }).followersCount;

describe("a follow", () => {
  test("is one however often it is asked for, and counts on the channel", async () => {
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    const { id } = await platform.makeChannel("counted");
    expect(await followers(id)).toBe(0);
    const statuses = await Promise.all([follow(one, id), follow(one, id), follow(one, id), follow(two, id)]);
    expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(await followers(id)).toBe(2);
    expect((await unfollow(one, id)).status).toBe(204);
    expect((await unfollow(one, id)).status).toBe(204);
    expect(await followers(id)).toBe(1);
    expect(await ids(one)).toEqual([]);
    expect(await ids(two)).toEqual([id]);
  });

  test("counts in lists and to a cache's tag as well", async () => {
    const user = await platform.makeUser();
    const { id } = await platform.makeChannel("listed-count");
    const before = await platform.request("GET", "/api/channels?slug=listed-count");
    await follow(user, id);
    const after = await platform.request("GET", "/api/channels?slug=listed-count", undefined, {
      "if-none-match": before.headers.get("etag") ?? "",
    });
    expect(after.status).toBe(200);
    expect(await after.json()).toMatchObject({ items: [{ followersCount: 1 }] });
  });

  test("hides with its channel, and comes back with it", async () => {
    const [owner, user] = [await platform.makeUser(), await platform.makeUser()];
    const { id } = await platform.makeChannel("now-and-then", { owner });
    await follow(user, id);
    await owner.request("PUT", `/api/channels/${id}`, { visibility: "private" });
    expect((await followed(user)).items).toEqual([]);
    expect(await ids(user)).toEqual([]);
    await owner.request("PUT", `/api/channels/${id}`, { visibility: "unlisted" });
    expect((await followed(user)).items.map(({ channel }) => channel.slug)).toEqual(["now-and-then"]);
  });

  test("goes with the channel, and with the account", async () => {
    const [owner, user] = [await platform.makeUser(), await platform.makeUser()];
    const [gone, stays] = [
      await platform.makeChannel("goes-away", { owner }),
      await platform.makeChannel("stays-here", { owner }),
    ];
    for (const { id } of [gone, stays]) await follow(user, id);
    expect((await owner.request("DELETE", `/api/channels/${gone.id}`)).status).toBe(204);
    expect(await ids(user)).toEqual([stays.id]);
    await user.request("DELETE", `/api/users/${user.id}`, { password: TEST_PASSWORD });
    expect(await followers(stays.id)).toBe(0);
  });

  test("is one of a thousand at most, also of many at once", async () => {
    const user = await platform.makeUser();
    const { sql } = platform.database;
    await sql`insert into channels (user_id, slug, title, stream_key)
      select ${user.id}, 'many-' || n, 'Many', 'key of many ' || n from generate_series(1, ${queries.MAX_FOLLOWS + 5}) n`;
    await sql`insert into follows (user_id, channel_id)
      select ${user.id}, id from channels where slug like 'many-%' order by id limit ${queries.MAX_FOLLOWS - 2}`;
    const rest = await sql<{ id: number }[]>`
      select id from channels where slug like 'many-%' order by id offset ${queries.MAX_FOLLOWS - 2}`;
    const statuses = (await Promise.all(rest.map(({ id }) => follow(user, id)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(2);
    expect(statuses.filter((status) => status === 409)).toHaveLength(rest.length - 2);
    expect(await ids(user)).toHaveLength(queries.MAX_FOLLOWS);
  });
});

test("the list has who is live first, then who was followed last, page by page", async () => {
  const user = await platform.makeUser();
  const channels = [];
  for (const n of [0, 1, 2, 3, 4]) channels.push(await platform.makeChannel(`in-order-${n}`));
  for (const [n, { id }] of channels.entries()) {
    await follow(user, id);
    await platform.database.sql`
      update follows set created_at = now() - interval '1 day' + ${n}::int * interval '1 hour' where channel_id = ${id}`;
  }
  await channels[1]!.goLive();
  const first = await followed(user, "?limit=2");
  const second = await followed(user, `?limit=2&cursor=${first.nextCursor}`);
  const third = await followed(user, `?limit=2&cursor=${second.nextCursor}`);
  const slugs = [first, second, third].flatMap(({ items }) => items.map(({ channel }) => channel.slug));
  expect(slugs).toEqual([1, 4, 3, 2, 0].map((n) => `in-order-${n}`));
  expect(third.nextCursor).toBeNull();
  expect(first.items[0]?.channel.isLive).toBe(true);
});

test("nothing of this was a mistake of the server", () => expect(platform.failures).toEqual([]));
