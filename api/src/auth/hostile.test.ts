/** Anything at all, sent to every address of accounts: an answer that says what is wrong, and no mistake of the server. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

let platform: TestPlatform;
let user: TestUser;
beforeAll(async () => {
  platform = await startPlatform();
  user = await platform.makeUser();
}, 60_000);
afterAll(() => platform?.close());

const PATHS = [
  ["POST", "/api/auth/register"],
  ["POST", "/api/auth/login"],
  ["POST", "/api/auth/refresh"],
  ["PUT", "/api/auth/password"],
  ["PUT", "/api/auth/email"],
  ["DELETE", "/api/auth/sessions/0"],
  ["GET", "/api/auth/me"],
] as const;
const FIELDS = [
  ..."username email password fullName acceptedDocuments login refreshToken currentPassword newPassword".split(" "),
  "__proto__",
  "constructor",
];
const Nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("a@b.org", "somebody", TEST_PASSWORD, "\u0000", "\ud800", -1, 2 ** 53, 1e308, [], [[]], {
    slug: "terms",
  }),
);
const Body = fc.dictionary(fc.constantFrom(...FIELDS), Nasty);

/** A network for each try, or limits would answer in the place of what is tested. */
let tries = 0;
const elsewhere = () => `2001:db8:${(++tries >> 12).toString(16)}:${(tries & 4095).toString(16)}::1`;

async function expectAnswer(response: Response): Promise<void> {
  expect(response.status).toBeLessThan(500);
  if (response.status < 400) return;
  expect(response.headers.get("content-type")).toStartWith("application/problem+json");
  expect(await response.json()).toMatchObject({ code: expect.any(String), status: response.status });
}

test("bodies", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), Body, async ([method, path], body) => {
      if (method === "GET") return;
      const headers = path.includes("password") || path.includes("email") ? user.headers : {};
      await expectAnswer(await platform.request(method, path, body, { ...headers, "x-test-address": elsewhere() }));
    }),
    { numRuns: 300 },
  );
  expect(platform.failures).toEqual([]);
}, 120_000);

test("cookies", async () => {
  const Value = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(
      "%",
      "%E0%A4%A",
      "%00",
      "%ud800",
      '{"a":1}',
      "[1]",
      "true",
      "null",
      "1",
      '"',
      "a=b",
      ";",
      "x".repeat(3_000),
    ),
  );
  const Cookies = fc.array(
    fc.tuple(fc.constantFrom("streamhub_access", "streamhub_refresh", "streamhub_csrf", "__proto__", "a", ""), Value),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PATHS, ["POST", "/api/auth/logout"] as const),
      Cookies,
      async ([method, path], pairs) => {
        const cookie = pairs.map((pair) => pair.join("=")).join("; ");
        const headers = { cookie, origin: "http://localhost", "x-test-address": elsewhere() };
        const body = method === "POST" && path.endsWith("login") ? { login: "somebody", password: "x" } : undefined;
        await expectAnswer(await platform.request(method, path, body, headers));
      },
    ),
    { numRuns: 200 },
  );
  expect(platform.failures).toEqual([]);
}, 120_000);

test("headers", async () => {
  const headerText = fc.string({ maxLength: 80 }).map((text) => text.replace(/[^\t\u0020-\u007e]/g, ""));
  const names =
    "authorization origin user-agent accept-language x-csrf-token x-forwarded-proto forwarded sec-fetch-site".split(
      " ",
    );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PATHS),
      fc.dictionary(fc.constantFrom(...names), headerText),
      async ([method, path], headers) => {
        const body = { login: "somebody", password: "x", refreshToken: "x" };
        await expectAnswer(
          await platform.request(method, path, method === "GET" ? undefined : body, {
            ...headers,
            "x-test-address": elsewhere(),
          }),
        );
      },
    ),
    { numRuns: 150 },
  );
  expect(platform.failures).toEqual([]);
}, 120_000);
