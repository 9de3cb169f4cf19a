/** Accounts over HTTP: who sees and changes what, and what is left of one that ends. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;
let eve: TestUser;
let moderator: TestUser;
let admin: TestUser;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser({ username: "ada" });
  eve = await platform.makeUser({ username: "eve" });
  moderator = await platform.makeUser({ username: "mona", role: "moderator" });
  admin = await platform.makeUser({ username: "boss", role: "admin" });
});
afterAll(async () => {
  expect(platform.failures).toEqual([]);
  await platform?.close();
});

interface User {
  readonly id: number;
  readonly username: string;
  readonly [more: string]: unknown;
}
interface Page {
  readonly items: readonly { readonly id: number; readonly slug: string; readonly username: string }[];
  readonly nextCursor: string | null;
}
type Asker = Pick<TestUser, "request">;

const codeOf = async (answer: Promise<Response>): Promise<string> => {
  const response = await answer;
  const text = await response.text();
  const { code } = (text === "" ? {} : JSON.parse(text)) as { code?: string };
  return `${response.status} ${code ?? ""}`.trim();
};
const json = async <T>(answer: Promise<Response>): Promise<T> => (await answer).json() as Promise<T>;
const path = ({ id }: { id: number }) => `/api/users/${id}`;

describe("seeing", () => {
  test("everyone sees the name; the address only who it is for", async () => {
    const open = await json<User>(platform.request("GET", path(ada)));
    expect(Object.keys(open).toSorted()).toEqual([
      "avatarUrl",
      "bio",
      "createdAt",
      "fullName",
      "id",
      "role",
      "username",
    ]);
    for (const stranger of [eve, moderator]) expect(await json<User>(stranger.request("GET", path(ada)))).toEqual(open);
    for (const insider of [ada, admin])
      expect(await json<User>(insider.request("GET", path(ada)))).toMatchObject({ email: ada.email, isActive: true });
  });

  test("what one sees of oneself is in no cache", async () => {
    expect((await ada.request("GET", path(ada))).headers.get("cache-control")).toBe("no-store");
    const open = await platform.request("GET", path(ada));
    expect(open.headers.get("cache-control")).toStartWith("public");
    const again = await platform.request("GET", path(ada), undefined, { "if-none-match": open.headers.get("etag")! });
    expect(again.status).toBe(304);
  });

  test.each(["0", "-1", "999999", "2147483648", "1e300"])("nobody has the id %s", async (id) => {
    for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE", {}]] as const)
      expect(await codeOf(ada.request(method, `/api/users/${id}`, body))).toMatch(
        /^404 user.not-found|^422 request.invalid/,
      );
    expect(await codeOf(ada.request("GET", `/api/users/${id}/channels`))).toMatch(/^404 user.not-found|^422/);
  });

  test("the list of all is for administrators", async () => {
    expect(await codeOf(platform.request("GET", "/api/users"))).toBe("401 auth.required");
    for (const stranger of [ada, moderator])
      expect(await codeOf(stranger.request("GET", "/api/users"))).toBe("403 auth.forbidden");
    const names = async (query: string) =>
      (await json<Page>(admin.request("GET", `/api/users?${query}`))).items.map(({ username }) => username);
    expect(await names("")).toEqual(["boss", "mona", "eve", "ada"]);
    expect(await names("q=AD")).toEqual(["ada"]);
    expect(await names("q=%25")).toEqual([]);
    expect(await names("role=moderator")).toEqual(["mona"]);
    expect(await names("isActive=false")).toEqual([]);
    const first = await json<Page>(admin.request("GET", "/api/users?limit=3"));
    expect(await names(`limit=3&cursor=${first.nextCursor}`)).toEqual(["ada"]);
    expect(await codeOf(admin.request("GET", "/api/users?cursor=made-up"))).toBe("422 cursor.invalid");
  });

  test("channels of an account: all for itself and administrators, the public ones for others", async () => {
    const owner = await platform.makeUser();
    await platform.makeChannel("seen-public", { owner });
    await platform.makeChannel("seen-unlisted", { owner, visibility: "unlisted" });
    await platform.makeChannel("seen-private", { owner, visibility: "private" });
    const slugs = async (asker: Asker, query = "") =>
      (await json<Page>(asker.request("GET", `${path(owner)}/channels${query}`))).items.map(({ slug }) => slug);
    for (const stranger of [platform, eve, moderator]) expect(await slugs(stranger)).toEqual(["seen-public"]);
    for (const insider of [owner, admin])
      expect(await slugs(insider)).toEqual(["seen-private", "seen-unlisted", "seen-public"]);
    const first = await json<Page>(owner.request("GET", `${path(owner)}/channels?limit=2`));
    expect(await slugs(owner, `?limit=2&cursor=${first.nextCursor}`)).toEqual(["seen-public"]);
  });
});

describe("changing", () => {
  test("what is given changes, the rest stays", async () => {
    const user = await platform.makeUser();
    const change = { fullName: "  Ада   Лавлейс ", bio: "One\r\ntwo" };
    expect(await json<User>(user.request("PUT", path(user), change))).toMatchObject({
      fullName: "Ада Лавлейс",
      bio: "One\ntwo",
      username: user.username,
      email: user.email,
    });
    expect(await json<User>(user.request("PUT", path(user), { bio: "" }))).toMatchObject({
      fullName: "Ада Лавлейс",
      bio: null,
    });
    expect(await json<User>(admin.request("PUT", path(user), { fullName: null }))).toMatchObject({ fullName: null });
    expect((await user.request("PUT", path(user), { avatarUrl: null })).status).toBe(200);
  });

  test("others change nothing", async () => {
    for (const body of [{ bio: "x" }, { role: "admin" }, { isActive: false }, {}]) {
      expect(await codeOf(platform.request("PUT", path(ada), body))).toBe("401 auth.required");
      for (const stranger of [eve, moderator])
        expect(await codeOf(stranger.request("PUT", path(ada), body))).toBe("403 auth.forbidden");
    }
    for (const body of [{ role: "admin" }, { role: "user" }, { isActive: true }, { isActive: false }])
      expect(await codeOf(ada.request("PUT", path(ada), body))).toBe("403 auth.forbidden");
    expect(await json<User>(admin.request("GET", path(ada)))).toMatchObject({
      role: "user",
      isActive: true,
      bio: null,
    });
  });

  test.each([
    ["a username of one letter", { username: "x" }],
    ["a username of 51", { username: "x".repeat(51) }],
    ["a username with a blank", { username: "a b" }],
    ["a username with nothing to see in it", { username: "a\u200bb" }],
    ["a username that is null", { username: null }],
    ["a full name of 101", { fullName: "x".repeat(101) }],
    ["a full name with a line break", { fullName: "a\nb" }],
    ["a full name written backwards", { fullName: "a\u202eb" }],
    ["a biography of 1001", { bio: "x".repeat(1_001) }],
    ["a biography with NUL", { bio: "\0" }],
    ["a biography that is a number", { bio: 7 }],
    ["a picture by address", { avatarUrl: "https://tracker.example/x.png" }],
    ["an empty picture", { avatarUrl: "" }],
    ["an unknown role", { role: "owner" }],
    ["activity in words", { isActive: "perhaps" }],
    ["a number", 7],
    ["a list", []],
    ["a text in JSON", '"x"'],
  ])("%s is refused with the field's name", async (_name, body) => {
    const answer = await admin.request("PUT", path(ada), body);
    const problem = (await answer.json()) as { code: string; errors?: unknown[] };
    expect([answer.status, problem.code]).toEqual([422, "request.invalid"]);
    expect(problem.errors?.length).toBeGreaterThan(0);
  });

  test("fields that are not to be changed are not", async () => {
    const user = await platform.makeUser();
    const sneaky = {
      id: 1,
      email: "x@example.org",
      hashedPassword: "x",
      deletedAt: null,
      createdAt: "2000-01-01",
      usernameSkeleton: "x",
      bio: "y",
    };
    expect((await user.request("PUT", path(user), sneaky)).status).toBe(200);
    const [row] = await platform.database
      .sql`select email, bio, hashed_password, username_skeleton from users where id = ${user.id}`;
    expect(row).toMatchObject({ email: user.email, bio: "y" });
    expect(row?.hashed_password).not.toBe("x");
    expect(row?.username_skeleton).not.toBe("x");
  });

  test("a name is free, or it is a conflict; so is one that only looks like it", async () => {
    const user = await platform.makeUser();
    const rename = (username: string, asker: Asker = user) => codeOf(asker.request("PUT", path(user), { username }));
    for (const taken of ["eve", "EVE", "еve", "ada", "support", "AdMin"])
      expect(await rename(taken)).toBe("409 user.name-taken");
    expect(await rename("fresh-name")).toBe("200");
    expect(await rename("Fresh-Name")).toBe("200");
    // The old name is free again.
    const other = await platform.makeUser();
    expect(await codeOf(other.request("PUT", path(other), { username: user.username }))).toBe("200");
    expect(await rename("support", admin)).toBe("200");
    const racers = await Promise.all(Array.from({ length: 5 }, () => platform.makeUser()));
    const codes = await Promise.all(
      racers.map((racer) => codeOf(racer.request("PUT", path(racer), { username: "one-for-all" }))),
    );
    expect(codes.toSorted()).toEqual(["200", ...Array(4).fill("409 user.name-taken")]);
  });
});

describe("resting", () => {
  test("an inactive account is cut off, hidden, and comes back", async () => {
    const user = await platform.makeUser();
    const channel = await platform.makeChannel("resting", { owner: user });
    const streamId = await channel.goLive();
    const told: string[] = [];
    const leave = await platform.bus.events.subscribe(["ingest", "streams"], ({ topic, data }) =>
      told.push(`${topic} ${(JSON.parse(data) as { type: string }).type}`),
    );
    const deactivate = (body?: unknown, asker: Asker = user) =>
      codeOf(asker.request("POST", `${path(user)}/deactivate`, body));
    expect(await deactivate({})).toBe("422 request.invalid");
    expect(await deactivate()).toBe("422 request.invalid");
    expect(await deactivate({ password: "wrong" })).toBe("403 auth.password");
    expect(await deactivate({ password: TEST_PASSWORD }, eve)).toBe("403 auth.forbidden");
    expect(await deactivate({ password: TEST_PASSWORD }, platform)).toBe("401 auth.required");
    expect(told).toEqual([]);
    expect(await deactivate({ password: TEST_PASSWORD })).toBe("204");
    expect(told.toSorted()).toEqual(["ingest cut", "streams stream.ended"]);
    await leave();
    expect(await codeOf(user.request("GET", path(user)))).toBe("401 auth.invalid");
    for (const stranger of [platform, eve, moderator]) {
      expect(await codeOf(stranger.request("GET", path(user)))).toBe("404 user.not-found");
      expect(await codeOf(stranger.request("GET", `${path(user)}/channels`))).toBe("404 user.not-found");
      expect(await codeOf(stranger.request("GET", `/api/channels/${channel.id}`))).toBe("404 channel.not-found");
      expect(await codeOf(stranger.request("GET", `/api/streams/${streamId}`))).toBe("404 stream.not-found");
      for (const list of ["/api/channels?slug=resting", "/api/channels?q=resting", "/api/streams?q=resting"])
        expect((await json<Page>(stranger.request("GET", list))).items).toEqual([]);
    }
    const { db } = platform.database;
    const publish = { streamKey: channel.streamKey, nodeId: "test", staleAfterMs: 60_000 };
    expect(await queries.goLive(db, platform.vault, publish)).toEqual({ kind: "inactive-user" });
    expect(await json<User>(admin.request("PUT", path(user), { isActive: true }))).toMatchObject({ isActive: true });
    expect((await platform.request("GET", `/api/channels/${channel.id}`)).status).toBe(200);
    // Its sessions are over all the same.
    expect(await codeOf(user.request("GET", path(user)))).toBe("401 auth.invalid");
  });

  test("an administrator puts others to rest without their password", async () => {
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    expect(await codeOf(admin.request("PUT", path(one), { isActive: false }))).toBe("200");
    expect(await codeOf(admin.request("POST", `${path(two)}/deactivate`))).toBe("204");
    for (const user of [one, two]) expect(await codeOf(user.request("GET", "/api/users"))).toBe("401 auth.invalid");
    expect(await codeOf(moderator.request("PUT", path(one), { isActive: true }))).toBe("404 user.not-found");
  });

  test("nobody is live whose account has just been made inactive, whoever is first", async () => {
    const user = await platform.makeUser();
    const { db } = platform.database;
    const channel = await platform.makeChannel("race-rest", { owner: user });
    const publish = { streamKey: channel.streamKey, nodeId: "test", staleAfterMs: 60_000 };
    for (let round = 0; round < 15; round++) {
      await Promise.all([
        queries.goLive(db, platform.vault, publish),
        queries.updateProfile(db, user.id, { isActive: false }),
      ]);
      const [row] = await platform.database.sql`
        select (select count(*) from streams where channel_id = ${channel.id} and is_live)::int as live`;
      expect(row).toEqual({ live: 0 });
      await queries.updateProfile(db, user.id, { isActive: true });
    }
  });
});

describe("ending", () => {
  test("an account that is live ends with all that is its own", async () => {
    const user = await platform.makeUser();
    await user.request("PUT", path(user), { fullName: "Somebody", bio: "Something" });
    const channel = await platform.makeChannel("ending", { owner: user });
    await platform.makeChannel("ending-too", { owner: user });
    const streamId = await channel.goLive();
    const watched = await platform.makeChannel("watched");
    const watchedStream = await watched.goLive();
    const { sql } = platform.database;
    await sql`insert into stream_views (stream_id, user_id, session_id) values (${watchedStream}, ${user.id}, 'of-the-deleted')`;
    await sql`insert into statistics_viewers (channel_id, date, user_id) values (${watched.id}, '2026-11-01', ${user.id})`;
    const told: { topic: string; type: string; streamId: number }[] = [];
    const leave = await platform.bus.events.subscribe(["ingest", "streams"], ({ topic, data }) =>
      told.push({ topic, ...(JSON.parse(data) as { type: string; streamId: number }) }),
    );
    const remove = (body?: unknown, asker: Asker = user) => codeOf(asker.request("DELETE", path(user), body));
    expect(await remove({ password: "wrong" })).toBe("403 auth.password");
    expect(await remove({})).toBe("422 request.invalid");
    expect(await remove({ password: TEST_PASSWORD }, eve)).toBe("403 auth.forbidden");
    expect(await remove({ password: TEST_PASSWORD })).toBe("204");
    await leave();
    expect(told.map(({ topic, type }) => `${topic} ${type}`).toSorted()).toEqual([
      "ingest cut",
      "streams stream.ended",
    ]);
    for (const event of told) expect(event.streamId).toBe(streamId);
    expect(await codeOf(user.request("GET", path(user)))).toBe("401 auth.invalid");
    for (const asker of [platform, admin])
      expect(await codeOf(asker.request("GET", path(user)))).toBe("404 user.not-found");
    expect(await codeOf(platform.request("GET", `/api/channels/${channel.id}`))).toBe("404 channel.not-found");
    const [row] = await sql`select * from users where id = ${user.id}`;
    expect(row).toMatchObject({ full_name: null, bio: null, avatar_url: null, is_active: false, hashed_password: "!" });
    expect(JSON.stringify(row)).not.toContain(user.username);
    const [left] = await sql`
      select (select count(*)::int from channels where user_id = ${user.id}) as channels,
             (select count(*)::int from sessions where user_id = ${user.id}) as sessions,
             (select count(*)::int from statistics_viewers where user_id = ${user.id}) as days,
             (select user_id from stream_views where session_id = 'of-the-deleted') as viewer,
             (select count(*)::int from stream_views where session_id = 'of-the-deleted') as views`;
    expect(left).toEqual({ channels: 0, sessions: 0, days: 0, viewer: null, views: 1 });
    // Name and address are free for others.
    const { db } = platform.database;
    await queries.createUser(db, { username: user.username, email: user.email, hashedPassword: "!" });
    expect(await codeOf(admin.request("DELETE", path(user)))).toBe("404 user.not-found");
    expect(await codeOf(admin.request("PUT", path(user), { isActive: true }))).toBe("404 user.not-found");
  });

  test("wrong passwords can't be tried for ever", async () => {
    const user = await platform.makeUser();
    const codes: string[] = [];
    for (let n = 0; n < 11; n++)
      codes.push(await codeOf(user.request("DELETE", path(user), { password: `guess ${n}` })));
    expect(codes.slice(0, 10)).toEqual(Array(10).fill("403 auth.password"));
    const last = await user.request("DELETE", path(user), { password: TEST_PASSWORD });
    expect(last.status).toBe(429);
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("an administrator deletes others without their password", async () => {
    const user = await platform.makeUser();
    expect(await codeOf(admin.request("DELETE", path(user)))).toBe("204");
    expect(await codeOf(moderator.request("DELETE", path(eve)))).toBe("403 auth.forbidden");
  });

  test("the last administrator stays, also when everyone acts at once", async () => {
    for (const body of [{ role: "user" }, { role: "moderator" }, { isActive: false }])
      expect(await codeOf(admin.request("PUT", path(admin), body))).toBe("409 user.last-admin");
    expect(await codeOf(admin.request("DELETE", path(admin), { password: TEST_PASSWORD }))).toBe("409 user.last-admin");
    expect(await codeOf(admin.request("POST", `${path(admin)}/deactivate`, { password: TEST_PASSWORD }))).toBe(
      "409 user.last-admin",
    );
    const second = await platform.makeUser({ role: "admin" });
    await Promise.all([
      codeOf(admin.request("PUT", path(second), { role: "user" })),
      codeOf(second.request("PUT", path(admin), { role: "user" })),
      codeOf(second.request("PUT", path(second), { isActive: false })),
    ]);
    const { sql } = platform.database;
    const left = await sql`select id from users where role = 'admin' and is_active and deleted_at is null`;
    expect(left.length).toBe(1);
    await sql`update users set role = 'admin', is_active = true where id = ${admin.id}`;
  });

  test("nothing is created for an account that has ended meanwhile", async () => {
    for (let round = 0; round < 5; round++) {
      const user = await platform.makeUser();
      const [, created] = await Promise.all([
        codeOf(user.request("DELETE", path(user), { password: TEST_PASSWORD })),
        codeOf(user.request("POST", "/api/channels", { title: "Too late?" })),
      ]);
      expect(["201", "401 auth.invalid", "404 channel.not-found"]).toContain(created);
      const rows = await platform.database.sql`select id from channels where user_id = ${user.id}`;
      expect(rows.length).toBe(0);
    }
  });
});
