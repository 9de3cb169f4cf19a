/** Tokens of programs: shown once, scoped, revocable, with an end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

type Made = { id: number; token: string; scope: string; hint: string; expiresAt: string | null };
const make = async (user: TestUser, body: object): Promise<Made> => {
  const response = await user.request("POST", "/api/auth/tokens", { name: "a program", ...body });
  expect(response.status).toBe(201);
  return (await response.json()) as Made;
};
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const ask = (token: string, method: string, path: string, body?: unknown) =>
  platform.request(method, path, body, as(token));
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe("an API token", () => {
  test("is shown once, and lies in the database as a hash alone", async () => {
    const user = await platform.makeUser();
    const made = await make(user, { scope: "read" });
    expect(made.token).toMatch(/^shp_[\w-]{43}$/);
    expect(made.token).toEndWith(made.hint);
    const listed = await (await user.request("GET", "/api/auth/tokens")).text();
    expect(listed).toContain(made.hint);
    expect(listed).not.toContain(made.token);
    const rows = await platform.database.sql`select * from api_tokens where id = ${made.id}`;
    expect(JSON.stringify(rows)).not.toContain(made.token);
  });

  test("says who it speaks for, and when it was used", async () => {
    const user = await platform.makeUser();
    const { token } = await make(user, { scope: "read" });
    const me = (await (await ask(token, "GET", "/api/auth/me")).json()) as object;
    expect(me).toMatchObject({ id: user.id, sessionId: null });
    const { items } = (await (await user.request("GET", "/api/auth/tokens")).json()) as {
      items: { lastUsedAt: string | null }[];
    };
    expect(items[0]?.lastUsedAt).not.toBeNull();
  });

  test("of scope read reads what is its owner's, without secrets, and changes nothing", async () => {
    const owner = await platform.makeUser();
    const { id } = await platform.makeChannel("only-read", { owner, visibility: "private" });
    const { token } = await make(owner, { scope: "read" });
    expect((await ask(token, "GET", `/api/channels/${id}`)).status).toBe(200);
    const refused = await ask(token, "GET", `/api/channels/${id}/stream-key`);
    expect([refused.status, await codeOf(refused)]).toEqual([403, "auth.scope"]);
    expect((await ask(token, "PUT", `/api/channels/${id}`, { title: "Other" })).status).toBe(403);
  });

  test("of scope channels runs the owner's channels, and no other's", async () => {
    const [owner, other] = [await platform.makeUser(), await platform.makeUser()];
    const own = await platform.makeChannel("run-by-program", { owner });
    const foreign = await platform.makeChannel("not-run-by-program", { owner: other });
    const { token } = await make(owner, { scope: "channels" });
    expect((await ask(token, "GET", `/api/channels/${own.id}/stream-key`)).status).toBe(200);
    expect((await ask(token, "PUT", `/api/channels/${own.id}`, { title: "Other" })).status).toBe(200);
    expect((await ask(token, "PUT", `/api/channels/${foreign.id}`, { title: "Other" })).status).toBe(403);
    expect((await ask(token, "PUT", `/api/users/${owner.id}`, { fullName: "Other" })).status).toBe(403);
  });

  test("brings an administrator's role along only with the scope admin", async () => {
    const admin = await platform.makeUser({ role: "admin" });
    const channel = await platform.makeChannel("of-somebody", { visibility: "private" });
    const less = await make(admin, { scope: "channels" });
    const all = await make(admin, { scope: "admin" });
    const answers = async (path: string) => [
      (await ask(less.token, "GET", path)).status,
      (await ask(all.token, "GET", path)).status,
    ];
    expect(await answers("/api/users")).toEqual([403, 200]);
    expect(await answers(`/api/channels/${channel.id}`)).toEqual([404, 200]);
    await platform.database.sql`update users set role = 'user' where id = ${admin.id}`;
    expect((await ask(all.token, "GET", "/api/users")).status).toBe(403);
  });

  test("never does what keeps the account safe", async () => {
    const admin = await platform.makeUser({ role: "admin" });
    const { token } = await make(admin, { scope: "admin" });
    const body = { currentPassword: TEST_PASSWORD, newPassword: "another four words here" };
    expect(await codeOf(await ask(token, "PUT", "/api/auth/password", body))).toBe("auth.scope");
    expect(await codeOf(await ask(token, "POST", "/api/auth/tokens", { name: "x", scope: "read" }))).toBe("auth.scope");
    const leave = await ask(token, "DELETE", `/api/users/${admin.id}`, { password: TEST_PASSWORD });
    expect([leave.status, await codeOf(leave)]).toEqual([403, "auth.scope"]);
  });

  test("is refused once revoked, run out, or its account rests or is gone", async () => {
    const user = await platform.makeUser();
    const [revoked, over, rests] = [
      await make(user, { scope: "read" }),
      await make(user, { scope: "read", expiresInDays: 1 }),
      await make(user, { scope: "read", expiresInDays: null }),
    ];
    expect(rests.expiresAt).toBeNull();
    expect((await user.request("DELETE", `/api/auth/tokens/${revoked.id}`)).status).toBe(204);
    expect((await user.request("DELETE", `/api/auth/tokens/${revoked.id}`)).status).toBe(404);
    await platform.database.sql`update api_tokens set expires_at = now() where id = ${over.id}`;
    for (const { token } of [revoked, over]) {
      const refused = await ask(token, "GET", "/api/auth/me");
      expect([refused.status, await codeOf(refused)]).toEqual([401, "auth.invalid"]);
    }
    expect((await ask(rests.token, "GET", "/api/auth/me")).status).toBe(200);
    await platform.database.sql`update users set is_active = false where id = ${user.id}`;
    expect((await ask(rests.token, "GET", "/api/auth/me")).status).toBe(401);
    const leaving = await platform.makeUser();
    await make(leaving, { scope: "read" });
    await leaving.request("DELETE", `/api/users/${leaving.id}`, { password: TEST_PASSWORD });
    const rows = await platform.database.sql`select from api_tokens where user_id = ${leaving.id}`;
    expect(rows.count).toBe(0);
  });

  test("is one of fifty at most", async () => {
    const user = await platform.makeUser();
    const requests = Array.from({ length: 55 }, (_, index) =>
      user.request("POST", "/api/auth/tokens", { name: `program ${index}`, scope: "read" }),
    );
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(50);
    expect(statuses.filter((status) => status === 409)).toHaveLength(5);
  });

  test("that is none is refused, whatever it looks like", async () => {
    for (const token of ["shp_", "shp_x", `shp_${"x".repeat(43)}`, `shp_${"x".repeat(5_000)}`])
      expect((await ask(token, "GET", "/api/auth/me")).status).toBe(401);
  });
});

test("a listener's token that is revoked ends its feed's rights", async () => {
  const owner = await platform.makeUser();
  const { id } = await platform.makeChannel("listened-to", { owner, visibility: "private" });
  const { token } = await make(owner, { scope: "read" });
  const feed = await ask(token, "GET", `/api/events?topics=channel:${id}`);
  expect(feed.status).toBe(200);
  await feed.body?.cancel();
});

test("nothing of this was a mistake of the server", () => expect(platform.failures).toEqual([]));
