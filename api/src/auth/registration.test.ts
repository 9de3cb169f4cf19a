/** Making accounts: what is refused, whose name is whose, what is written down. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

const GOOD = { username: "somebody", email: "somebody@example.org", password: "four words are enough" };
let networks = 0;
/** Each from a network of its own, so that limits are no part of the test. */
const register = (body: unknown, headers: Record<string, string> = {}) =>
  platform.request("POST", "/api/auth/register", body, {
    "x-test-address": `10.1.${Math.floor(++networks / 250)}.${networks % 250}`,
    ...headers,
  });
const named = (username: string, more: object = {}) =>
  register({ ...GOOD, username, email: `u${networks + 1}@example.org`, ...more });

interface ProblemBody {
  code: string;
  errors?: { field: string; message: string }[];
}
const problem = async (response: Response) => (await response.json()) as ProblemBody;
const fields = async (response: Response) => {
  const { code, errors = [] } = await problem(response);
  return { status: response.status, code, fields: [...new Set(errors.map(({ field }) => field))] };
};
const invalid = (...names: string[]) => ({ status: 422, code: "request.invalid", fields: names });

describe("a registration", () => {
  test("makes an account that is signed in, with cookies and with a bearer token", async () => {
    const response = await register({
      ...GOOD,
      username: "First.User",
      email: "First@EXAMPLE.org",
      fullName: " Fi  Rst ",
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const body = (await response.json()) as { accessToken: string; user: { id: number } };
    expect(response.headers.get("location")).toBe(`/api/users/${body.user.id}`);
    expect(body).toMatchObject({
      tokenType: "Bearer",
      expiresIn: 900,
      refreshToken: expect.stringMatching(/^[\w-]{43}$/),
      user: { username: "First.User", email: "First@example.org", fullName: "Fi Rst", role: "user", isActive: true },
    });
    expect(JSON.stringify(body)).not.toMatch(/argon2|skeleton|password/i);
    const me = await platform.request("GET", "/api/auth/me", undefined, {
      authorization: `Bearer ${body.accessToken}`,
    });
    expect(await me.json()).toMatchObject({
      id: body.user.id,
      permissions: { moderate: false, administer: false },
      pendingDocuments: [],
    });
  });

  test("gives no role, id or flag that somebody asks for", async () => {
    const response = await named("plain-user", { role: "admin", id: 1, isActive: false, hashedPassword: "x" });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ user: { role: "user", isActive: true } });
  });

  test("stores an argon2id hash and nothing like the password", async () => {
    const { sql } = platform.database;
    const rows = await sql<{ hash: string }[]>`select hashed_password as hash from users`;
    expect(rows.length).toBeGreaterThan(0);
    for (const { hash } of rows) expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
  });

  test("refuses each field that is missing, empty, too long or of another type", async () => {
    for (const field of ["username", "email", "password"]) {
      const values = [
        undefined,
        null,
        "",
        " ",
        5,
        true,
        {},
        [],
        ["a"],
        "x".repeat(5_000),
        "a\u0000b",
        "\ud800abcdefgh",
      ];
      for (const value of values) {
        // Eight spaces would do for a password; one does not.
        const response = await register({ ...GOOD, [field]: value });
        expect({ value, ...(await fields(response)) }).toEqual({ value, ...invalid(`/${field}`) });
      }
    }
    for (const fullName of [5, {}, "x".repeat(101), "a\u202eb", "a\nb"])
      expect(await fields(await register({ ...GOOD, fullName }))).toEqual(invalid("/fullName"));
    for (const body of [[], "text", 5, null])
      expect([400, 415, 422]).toContain(
        (await register(JSON.stringify(body), { "content-type": "application/json" })).status,
      );
    for (const body of ["{", "{}x", '{"username":'])
      expect((await register(body, { "content-type": "application/json" })).status).toBe(400);
  });

  test.each([
    "a", // one letter
    "two words",
    "-ada",
    "ada_",
    "a..b",
    "ad@a",
    "a/b",
    "<b>ada</b>",
    "ada'; drop table users; --",
    "ada\u200b", // zero-width space
    "a\u200dda", // zero-width joiner
    "\u202eada", // right-to-left override
    "\u2066ada\u2069",
    "a\ufeffda",
    "ada\u00ad", // soft hyphen
    "ada\u3164", // Hangul filler: a letter without a shape
    "a".repeat(51),
    "ﷺ".repeat(50), // 18 letters each when it is taken apart
    "a\u0301\u0302\u0303\u0304", // a tower of marks
    "👩‍🚀",
  ])("refuses %j as a username", async (username) => {
    expect(await fields(await named(username))).toEqual(invalid("/username"));
  });

  test.each([
    "ada",
    "a@",
    "@b.org",
    "a b@c.org",
    "a@b",
    "a@b..org",
    "a@-b.org",
    "<a@b.org>",
    "a@b.org,c@d.org",
    "a@b.invalid",
    "a@b.org\u202e",
    "a@\u200bb.org",
  ])("refuses %j as an e-mail address", async (email) => {
    expect(await fields(await register({ ...GOOD, email }))).toEqual(invalid("/email"));
  });

  test.each([
    "short",
    "password",
    "PassWord123",
    "aaaaaaaaaaaa",
    "abababababab",
    "one-of-them",
    "one@example.org",
    "й".repeat(20),
  ])("refuses %j as a password", async (password) => {
    const response = await register({ ...GOOD, username: "one-of-them", email: "one@example.org", password });
    expect(await fields(response)).toEqual(invalid("/password"));
  });

  test.each(["Ёжик", "名前", "Ζωή", "नमस्ते", "ada-lovelace_2", "7seas", "مريم"])("takes %s", async (username) => {
    const response = await named(username);
    expect(await response.json()).toMatchObject({ user: { username } });
  });

  test("writes full-width letters as plain ones", async () => {
    expect(await (await named("ｗｉｄｅ")).json()).toMatchObject({ user: { username: "wide" } });
  });
});

describe("one name", () => {
  const taken = { status: 409, code: "user.name-taken", fields: ["/username"] };

  test.each([
    ["Marina", "marina"],
    ["Marina", "MARINA"],
    ["Marina", "Маrina"], // Cyrillic М and а
    ["Marina", "Marìna"],
    ["Marina", "ｍarina"],
    ["Marina", "rnarina"],
    ["Paul01", "PauIO1"], // capital i, letter o
    ["Сосо", "Coco"], // all Cyrillic
    ["Νοτε", "Note"],
  ])("%s is taken by %s too", async (first, second) => {
    await named(first);
    expect(await fields(await named(second))).toEqual(taken);
  });

  test.each(["admin", "Аdmin", "root", "support", "StreamHub", "modеrator", "me"])(
    "%s speaks for the site",
    async (name) => {
      expect([409, 422]).toContain((await named(name)).status);
    },
  );

  test("of two hundred who want it at once exactly one has it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        register({ ...GOOD, username: "wanted", email: `wanted-${index}@example.org` }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    for (const status of statuses) expect([201, 409, 429]).toContain(status);
    const [row] = await platform.database.sql`select count(*)::int as n from users where lower(username) = 'wanted'`;
    expect(row?.n).toBe(1);
    // Whoever lost left nothing behind.
    const [sessions] = await platform.database.sql`
      select count(*)::int as n from users where email like 'wanted-%'`;
    expect(sessions?.n).toBe(1);
  });

  test("of many who want one address at once exactly one has it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        register({
          ...GOOD,
          username: `sharer-${"abcdefghjkmnopqrstuv"[index]}`,
          email: `Shared@${index % 2 ? "EXAMPLE" : "example"}.org`,
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const late = await register({ ...GOOD, username: "sharer-z", email: "sHARED@example.org" });
    expect(await fields(late)).toEqual({ status: 409, code: "user.email-taken", fields: ["/email"] });
  });
});

describe("the documents that are agreed to", () => {
  const current = async (locale: string) => {
    const rows = await queries.listDocuments(platform.database.db);
    return queries.DOCUMENTS_TO_ACCEPT.map((slug) => {
      const { version } = rows.find((row) => row.slug === slug && row.locale === locale)!;
      return { slug, locale, version };
    });
  };
  const acceptedBy = async (response: Response) => {
    const { user } = (await response.json()) as { user: { id: number } };
    const rows = await queries.listAcceptances(platform.database.db, user.id);
    return rows.map(({ slug, locale, version }) => `${slug} ${locale} ${version}`).sort();
  };

  test("are those that are named", async () => {
    const acceptedDocuments = await current("ru");
    expect(await acceptedBy(await named("accepts-ru", { acceptedDocuments }))).toEqual(["rules ru 1", "terms ru 1"]);
  });

  test("or the current ones, in the language of the request", async () => {
    expect(await acceptedBy(await named("accepts-en"))).toEqual(["rules en 1", "terms en 1"]);
    const body = { ...GOOD, username: "accepts-by-header", email: "by-header@example.org" };
    expect(await acceptedBy(await register(body, { "accept-language": "ru-RU, en;q=0.5" }))).toEqual([
      "rules ru 1",
      "terms ru 1",
    ]);
  });

  test("are all of them, and the current versions, or there is no account", async () => {
    const [rules] = (await current("en")).filter(({ slug }) => slug === "rules");
    expect(await fields(await named("half", { acceptedDocuments: [rules] }))).toEqual(invalid("/acceptedDocuments"));
    const old = (await current("en")).map((document) => ({ ...document, version: 99 }));
    expect((await problem(await named("half", { acceptedDocuments: old }))).code).toBe("document.conflict");
    for (const wrong of [[], {}, "terms", [{}], [{ slug: "terms" }], [{ slug: "a\u0000", locale: "en", version: 1 }]])
      expect([409, 422]).toContain((await named("half", { acceptedDocuments: wrong })).status);
    expect((await named("half")).status).toBe(201);
  });

  test("are pending again when there is a new version", async () => {
    const response = await named("up-to-date");
    const { accessToken } = (await response.json()) as { accessToken: string };
    const editor = await platform.makeUser({ username: "terms-editor", role: "admin" });
    await queries.saveDocument(platform.database.db, {
      slug: "terms",
      locale: "en",
      title: "Terms",
      body: "Other terms",
      editedBy: editor.id,
    });
    const me = await platform.request("GET", "/api/auth/me", undefined, { authorization: `Bearer ${accessToken}` });
    expect(await me.json()).toMatchObject({ pendingDocuments: [{ slug: "terms", locale: "en", version: 2 }] });
    expect(await (await editor.request("GET", "/api/auth/me")).json()).toMatchObject({
      role: "admin",
      permissions: { moderate: true, administer: true },
    });
  });
});

describe("registering is limited", () => {
  test("by network, an IPv6 one counted whole", async () => {
    const statuses = [];
    for (let index = 0; index < 21; index++) {
      const body = { ...GOOD, username: `crowd${index}x`, email: "somebody-else" };
      // What is not well-formed counts for nothing.
      expect((await register(body, { "x-test-address": `2001:db8::${index}` })).status).toBe(422);
    }
    const wanted = { ...GOOD, username: "first.user" };
    for (let index = 0; index < 21; index++)
      statuses.push((await register(wanted, { "x-test-address": `2001:db8::${index}` })).status);
    expect(statuses.slice(0, 20)).toEqual(new Array(20).fill(409));
    const last = await register(wanted, { "x-test-address": "2001:db8::ffff" });
    expect(last.status).toBe(429);
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await register(wanted, { "x-test-address": "2001:db8:0:1::1" })).status).toBe(409);
  });
});

test("nothing of this was a mistake of the server", () => {
  expect(platform.failures).toEqual([]);
});
