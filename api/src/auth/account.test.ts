/** Changing the password and the e-mail address: only with the present password, and what becomes of sessions. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeBrowser } from "../../test/browser.ts";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

const NEXT = "another four words here";
const login = (name: string, password: string) =>
  platform.request("POST", "/api/auth/login", { login: name, password });
const setPassword = (user: Pick<TestUser, "request">, currentPassword: unknown, newPassword: unknown) =>
  user.request("PUT", "/api/auth/password", { currentPassword, newPassword });
const setEmail = (user: Pick<TestUser, "request">, email: unknown, password: unknown = TEST_PASSWORD) =>
  user.request("PUT", "/api/auth/email", { email, password });
const told = async (response: Response) => {
  const { code, errors } = (await response.json()) as { code: string; errors?: { field: string }[] };
  return [response.status, code, ...new Set(errors?.map(({ field }) => field))];
};

describe("a new password", () => {
  test("takes the place of the old one; all other sessions end, this one goes on", async () => {
    const user = await platform.makeUser();
    const phone = makeBrowser(platform);
    await phone.request("POST", "/api/auth/login", { login: user.username, password: TEST_PASSWORD });
    expect((await setPassword(user, TEST_PASSWORD, NEXT)).status).toBe(204);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(200);
    expect((await phone.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await phone.request("POST", "/api/auth/refresh")).status).toBe(401);
    expect((await login(user.username, TEST_PASSWORD)).status).toBe(401);
    expect((await login(user.username, NEXT)).status).toBe(200);
    const [row] = await platform.database.sql`
      select revoked_for from sessions where user_id = ${user.id} and revoked_at is not null`;
    expect(row).toEqual({ revoked_for: "password" });
  });

  test("needs the present one, and can be tried ten times in a quarter of an hour", async () => {
    const user = await platform.makeUser();
    for (let round = 0; round < 10; round++)
      expect(await told(await setPassword(user, "a wrong guess", NEXT))).toEqual([
        403,
        "auth.password",
        "/currentPassword",
      ]);
    const refused = await setPassword(user, TEST_PASSWORD, NEXT);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    // Whoever guesses with this session keeps the owner out of nothing: another session has its own tries.
    const { accessToken } = (await (await login(user.username, TEST_PASSWORD)).json()) as { accessToken: string };
    const headers = { authorization: `Bearer ${accessToken}` };
    const body = { currentPassword: TEST_PASSWORD, newPassword: NEXT };
    expect((await platform.request("PUT", "/api/auth/password", body, headers)).status).toBe(204);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
  });

  test("must be one", async () => {
    const user = await platform.makeUser({ username: "a-long-username" });
    for (const weak of [
      "short",
      "password123",
      "aaaaaaaaaa",
      user.username,
      user.email,
      "a\u0000bcdefghi",
      "\ud800abcdefgh",
    ])
      expect(await told(await setPassword(user, TEST_PASSWORD, weak))).toEqual([
        422,
        "request.invalid",
        "/newPassword",
      ]);
    for (const wrong of [undefined, null, "", 5, {}, [], "x".repeat(2_000)]) {
      expect(await told(await setPassword(user, TEST_PASSWORD, wrong))).toEqual([
        422,
        "request.invalid",
        "/newPassword",
      ]);
      expect(await told(await setPassword(user, wrong, NEXT))).toEqual([422, "request.invalid", "/currentPassword"]);
    }
    expect((await login(user.username, TEST_PASSWORD)).status).toBe(200);
  });

  test("of several at once one is set, and the others are told", async () => {
    const user = await platform.makeUser();
    const wanted = Array.from({ length: 5 }, (_, index) => `${NEXT} ${index}`);
    const statuses = await Promise.all(
      wanted.map(async (next) => (await setPassword(user, TEST_PASSWORD, next)).status),
    );
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403)).toHaveLength(4);
    const now = wanted[statuses.indexOf(204)]!;
    expect((await login(user.username, now)).status).toBe(200);
  });

  test("is nobody's to set but of who is signed in", async () => {
    const body = { currentPassword: TEST_PASSWORD, newPassword: NEXT };
    expect(await told(await platform.request("PUT", "/api/auth/password", body))).toEqual([401, "auth.required"]);
    expect(await told(await platform.request("PUT", "/api/auth/email", { email: "a@b.org", password: "x" }))).toEqual([
      401,
      "auth.required",
    ]);
  });
});

describe("a new e-mail address", () => {
  test("needs the password, and signs in from then on", async () => {
    const user = await platform.makeUser();
    expect(await told(await setEmail(user, "new@example.org", "wrong"))).toEqual([403, "auth.password", "/password"]);
    const response = await setEmail(user, " New@EXAMPLE.org ");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: user.id, email: "New@example.org" });
    expect((await login("new@example.org", TEST_PASSWORD)).status).toBe(200);
    expect((await login(user.email, TEST_PASSWORD)).status).toBe(401);
    // The same again, or in another case, is nobody else's.
    expect((await setEmail(user, "NEW@example.org")).status).toBe(200);
  });

  test("of another account is refused, whatever its case", async () => {
    const [user, other] = [await platform.makeUser(), await platform.makeUser()];
    expect(await told(await setEmail(user, other.email.toUpperCase()))).toEqual([409, "user.email-taken", "/email"]);
  });

  test("must be one", async () => {
    const user = await platform.makeUser();
    for (const wrong of [
      undefined,
      null,
      "",
      5,
      [],
      "x",
      "a@b",
      "a b@c.org",
      `${"x".repeat(100)}@example.org`,
      "a@b.invalid",
    ])
      expect(await told(await setEmail(user, wrong))).toEqual([422, "request.invalid", "/email"]);
  });

  test("of several accounts that want one address at once, one has it", async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => platform.makeUser()));
    const statuses = await Promise.all(users.map(async (user) => (await setEmail(user, "wanted@example.org")).status));
    expect(statuses.sort()).toEqual([200, 409, 409, 409, 409]);
  });
});

test("nothing of this was a mistake of the server", () => {
  expect(platform.failures).toEqual([]);
});
