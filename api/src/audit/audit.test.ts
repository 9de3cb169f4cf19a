/** Who changed what, as administrators read it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { fieldsOf } from "./recorder.ts";

setDefaultTimeout(60_000);

interface Entry {
  readonly id: number;
  readonly at: string;
  readonly userId: number;
  readonly username: string;
  readonly tokenId: number | null;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly fields: readonly string[];
  readonly address: string | null;
}

let platform: TestPlatform;
let admin: TestUser;
let ada: TestUser;
beforeAll(async () => {
  platform = await startPlatform();
  admin = await platform.makeUser({ username: "root", role: "admin" });
  ada = await platform.makeUser({ username: "ada" });
});
afterAll(() => platform?.close());

async function entries(query = ""): Promise<{ items: Entry[]; nextCursor: string | null }> {
  const response = await admin.request("GET", `/api/audit${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as { items: Entry[]; nextCursor: string | null };
}
const newest = async (): Promise<Entry> => (await entries("?limit=1")).items[0]!;

test("a change is written down: who, when, what and from where, without what was said", async () => {
  const made = await ada.request(
    "POST",
    "/api/channels",
    { slug: "one", title: "A secret title", visibility: "private" },
    { "x-test-address": "203.0.113.9" },
  );
  const { id } = (await made.json()) as { id: number };
  expect(await newest()).toEqual({
    id: expect.any(Number),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    userId: ada.id,
    username: "ada",
    tokenId: null,
    method: "POST",
    route: "/api/channels",
    path: "/api/channels",
    fields: ["slug", "title", "visibility=private"],
    address: "203.0.113.9",
  });
  await admin.request("PUT", `/api/users/${ada.id}`, { role: "moderator" });
  expect(await newest()).toMatchObject({
    ...{ userId: admin.id, method: "PUT", route: "/api/users/:id", path: `/api/users/${ada.id}` },
    fields: ["role=moderator"],
  });
  await ada.request("DELETE", `/api/channels/${id}`);
  expect(await newest()).toMatchObject({ userId: ada.id, method: "DELETE", path: `/api/channels/${id}`, fields: [] });
  expect(JSON.stringify(await entries("?limit=100"))).not.toContain("A secret title");
});

test("what was refused, read, or is done all day is not", async () => {
  const channel = await platform.makeChannel("everyday", { owner: ada });
  const before = await newest();
  const other = await platform.makeUser();
  const refused = await other.request("DELETE", `/api/channels/${channel.id}`);
  expect(refused.status).toBe(403);
  await ada.request("GET", `/api/channels/${channel.id}/stream-key`);
  await other.request("PUT", `/api/channels/${channel.id}/follow`);
  await ada.request("POST", `/api/channels/${channel.id}/playback-token`);
  expect(await newest()).toEqual(before);
});

test("an administrator who reads another's stream key is", async () => {
  const channel = await platform.makeChannel("read", { owner: ada });
  const key = await admin.request("GET", `/api/channels/${channel.id}/stream-key`);
  expect(key.status).toBe(200);
  const entry = await newest();
  expect(entry).toMatchObject({ userId: admin.id, method: "GET", path: `/api/channels/${channel.id}/stream-key` });
  expect(JSON.stringify(entry)).not.toContain(channel.streamKey);
});

test("a program's changes say with which token", async () => {
  const made = await ada.request("POST", "/api/auth/tokens", { name: "robot", scope: "channels" });
  const { id, token } = (await made.json()) as { id: number; token: string };
  expect(await newest()).toMatchObject({ route: "/api/auth/tokens", fields: ["name", "scope=channels"] });
  const channel = await platform.makeChannel("robots", { owner: ada });
  const headers = { authorization: `Bearer ${token}` };
  await platform.request("PUT", `/api/channels/${channel.id}`, { title: "By a program" }, headers);
  expect(await newest()).toMatchObject({ userId: ada.id, tokenId: id, fields: ["title"] });
});

test("pages go back in time, of one account where it is asked for", async () => {
  const grace = await platform.makeUser({ username: "grace" });
  const channel = await platform.makeChannel("pages", { owner: grace });
  for (const title of ["1", "2", "3"]) await grace.request("PUT", `/api/channels/${channel.id}`, { title });
  const first = await entries(`?userId=${grace.id}&limit=2`);
  const second = await entries(`?userId=${grace.id}&limit=2&cursor=${first.nextCursor}`);
  expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
  expect(new Set([...first.items, ...second.items].map(({ userId }) => userId))).toEqual(new Set([grace.id]));
  expect((await admin.request("GET", "/api/audit?cursor=nonsense")).status).toBe(422);
  expect(await entries("?userId=99999999999")).toEqual({ items: [], nextCursor: null });
});

test("an account that is deleted leaves what it did, without its name and where from", async () => {
  const eve = await platform.makeUser({ username: "eve" });
  await eve.request("POST", "/api/channels", { slug: "eves", title: "Eve's" }, { "x-test-address": "203.0.113.66" });
  await eve.request(
    "DELETE",
    `/api/users/${eve.id}`,
    { password: TEST_PASSWORD },
    { "x-test-address": "203.0.113.66" },
  );
  const { items } = await entries(`?userId=${eve.id}`);
  expect(items.map(({ method, address }) => [method, address])).toEqual([
    ["DELETE", null],
    ["POST", null],
  ]);
  expect(items.some(({ username }) => username === "eve")).toBe(false);
});

test("what is older than so many days is forgotten, in portions", async () => {
  const { sql, db } = platform.database;
  const [{ count }] = await sql<[{ count: number }]>`select count(*)::int as count from audit_log`;
  await sql`update audit_log set at = now() - interval '366 days' where id in (select id from audit_log order by id limit 3)`;
  expect(await queries.forgetAuditEntries(db, 365, 2)).toBe(2);
  expect(await queries.forgetAuditEntries(db, 365, 2)).toBe(1);
  expect(await queries.forgetAuditEntries(db, 365, 2)).toBe(0);
  const [left] = await sql<[{ count: number }]>`select count(*)::int as count from audit_log`;
  expect(left.count).toBe(count - 3);
});

describe("fields", () => {
  test.each([
    [{ password: "hush", isActive: false }, ["isActive=false", "password"]],
    [{ role: { admin: true }, url: "https://x" }, ["role", "url"]],
    [{ role: "x".repeat(500) }, [`role=${"x".repeat(75)}`]],
    [
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${10 + i}`, 1])),
      Array.from({ length: 20 }, (_, i) => `f${10 + i}`),
    ],
    [new Uint8Array(9), []],
    [[1, 2], []],
    [null, []],
    ["text", []],
  ])("of %j are names, with values that are words of ours", (body, fields) => {
    expect(fieldsOf(body)).toEqual(fields);
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));
