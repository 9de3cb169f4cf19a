/** Signing in and out, the tokens and cookies of a session, and whoever forges or steals them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { makeBrowser, ORIGIN } from "../../test/browser.ts";
import { startPlatform, TEST_PASSWORD, TEST_SECRET, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { isSecure } from "./cookies.ts";
import { accessTokens, hashToken } from "./tokens.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform?.close());

const codeOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { code?: string }).code,
});
const login = (name: string, password = TEST_PASSWORD, headers: Record<string, string> = {}) =>
  platform.request("POST", "/api/auth/login", { login: name, password }, headers);
/** A browser in which somebody has signed in. */
async function signedInBrowser(user: TestUser, address?: string) {
  const browser = makeBrowser(platform, address);
  const response = await browser.request("POST", "/api/auth/login", { login: user.username, password: TEST_PASSWORD });
  expect(response.status).toBe(200);
  return browser;
}
/** As if the token had been used longer ago than two tabs are apart. */
const longAgo = (token: string) => platform.database.sql`
  update refresh_tokens set used_at = now() - interval '1 minute' where token_hash = ${hashToken(token)}`;

describe("signing in", () => {
  test("by username or e-mail address, whatever the case and the spaces around", async () => {
    const user = await platform.makeUser({ username: "Ёлка" });
    for (const name of ["Ёлка", "ёлка", " ЁЛКА ", user.email, user.email.toUpperCase()]) {
      const response = await login(name);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ user: { id: user.id }, tokenType: "Bearer" });
    }
    // A letter in parts, as some keyboards send it.
    expect((await login("Ёлка".normalize("NFD"))).status).toBe(200);
  });

  test("says the same of an unknown name, a wrong password, and names that no account can have", async () => {
    await platform.makeUser({ username: "known" });
    const answers = new Set<string>();
    for (const [name, password] of [
      ["known", "wrong password"],
      ["unknown", TEST_PASSWORD],
      ["known@example.org", "wrong password"],
      ["nobody@example.org", TEST_PASSWORD],
      ["owner", "!"],
      ["a\u0000b", TEST_PASSWORD],
      ["\ud800", TEST_PASSWORD],
      ["' or 1=1 --", TEST_PASSWORD],
      ["<script>", TEST_PASSWORD],
      ["@", TEST_PASSWORD],
      ["%", TEST_PASSWORD],
      ["known", "\u0000\ud800"],
    ] as const) {
      const response = await login(name, password, { "x-request-id": "the-same-id" });
      // That counts down, whoever asks.
      response.headers.delete("ratelimit");
      answers.add(JSON.stringify([response.status, await response.json(), [...response.headers]]));
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toContain("auth.credentials");
  });

  test("refuses fields that are missing, empty, too long or of another type", async () => {
    for (const wrong of [undefined, null, "", 5, {}, [], "x".repeat(2_000)]) {
      for (const body of [
        { login: "known", password: wrong },
        { login: wrong, password: "x" },
      ])
        expect(await codeOf(await platform.request("POST", "/api/auth/login", body))).toEqual({
          status: 422,
          code: "request.invalid",
        });
    }
  });

  test("an inactive account is told so only to who knows its password; a deleted one is none", async () => {
    const { sql } = platform.database;
    const user = await platform.makeUser();
    await sql`update users set is_active = false where id = ${user.id}`;
    expect(await codeOf(await login(user.username))).toEqual({ status: 403, code: "user.inactive" });
    expect(await codeOf(await login(user.username, "wrong"))).toEqual({ status: 401, code: "auth.credentials" });
    await sql`update users set deleted_at = now() where id = ${user.id}`;
    expect(await codeOf(await login(user.username))).toEqual({ status: 401, code: "auth.credentials" });
  });

  test("makes an old hash anew, with today's parameters", async () => {
    const { sql } = platform.database;
    const user = await platform.makeUser();
    const old = await Bun.password.hash(TEST_PASSWORD, { algorithm: "argon2id", memoryCost: 8_192, timeCost: 1 });
    await sql`update users set hashed_password = ${old} where id = ${user.id}`;
    const hash = async () =>
      (await sql<{ h: string }[]>`select hashed_password as h from users where id = ${user.id}`)[0]!.h;
    expect((await login(user.username, "wrong")).status).toBe(401);
    expect(await hash()).toBe(old);
    expect((await login(user.username)).status).toBe(200);
    const renewed = await hash();
    expect(renewed).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect((await login(user.username)).status).toBe(200);
    expect(await hash()).toBe(renewed);
  });

  test("in the same browser again ends the session before", async () => {
    const user = await platform.makeUser();
    const browser = await signedInBrowser(user);
    const before = browser.cookie("streamhub_access")!;
    await browser.request("POST", "/api/auth/login", { login: user.username, password: TEST_PASSWORD });
    const headers = { authorization: `Bearer ${before}` };
    expect(await codeOf(await platform.request("GET", "/api/auth/me", undefined, headers))).toEqual({
      status: 401,
      code: "auth.invalid",
    });
    expect((await browser.request("GET", "/api/auth/me")).status).toBe(200);
  });
});

describe("cookies", () => {
  const attributes = async (headers: Record<string, string>) => {
    const response = await login("cookie-eater", TEST_PASSWORD, headers);
    expect(response.status).toBe(200);
    return response.headers.getSetCookie().map((line) => line.replace(/=[^;]+/, "=…"));
  };
  const wanted = (secure: string) => [
    `streamhub_access=…; Path=/; Max-Age=900; SameSite=Lax; HttpOnly${secure}`,
    `streamhub_refresh=…; Path=/api/auth; Max-Age=2592000; SameSite=Lax; HttpOnly${secure}`,
    `streamhub_csrf=…; Path=/; Max-Age=2592000; SameSite=Lax${secure}`,
  ];

  test("have the attributes that keep them, Secure wherever the site is https", async () => {
    await platform.makeUser({ username: "cookie-eater" });
    for (const headers of [{}, { "x-forwarded-proto": "http" }, { origin: ORIGIN }, { forwarded: "for=1.2.3.4" }])
      expect(await attributes(headers)).toEqual(wanted(""));
    for (const headers of [
      { "x-forwarded-proto": "https" },
      { "x-forwarded-proto": "https, http" },
      { forwarded: "for=1.2.3.4;proto=https;by=x" },
      { origin: "https://localhost" },
    ] as Record<string, string>[])
      expect(await attributes(headers)).toEqual(wanted("; Secure"));
  });

  test("are Secure whatever the proxy says where the site's own address is https", () => {
    const site = (publicUrl: string | null) => ({ publicUrl, corsOrigins: [] });
    expect(isSecure(new Request("http://10.0.0.1:8000/"), site("https://live.example.org"))).toBe(true);
    expect(isSecure(new Request("https://live.example.org/"), site(null))).toBe(true);
    expect(isSecure(new Request("http://live.example.org/"), site("http://live.example.org"))).toBe(false);
    const foreign = { headers: { origin: "https://evil.example" } };
    expect(isSecure(new Request("http://live.example.org/", foreign), site(null))).toBe(false);
  });

  test("carry a session as the header does, and go when it ends", async () => {
    const user = await platform.makeUser();
    const browser = await signedInBrowser(user);
    expect(await (await browser.request("GET", "/api/auth/me")).json()).toMatchObject({ id: user.id });
    expect((await browser.request("POST", "/api/auth/logout")).status).toBe(204);
    expect([...browser.jar]).toEqual([]);
    expect((await codeOf(await browser.request("GET", "/api/auth/me"))).code).toBe("auth.required");
  });

  test("a run-out access cookie: sign in anew with the refresh cookie, without a body", async () => {
    const user = await platform.makeUser();
    const browser = await signedInBrowser(user);
    browser.drop("streamhub_access");
    expect((await browser.request("GET", "/api/auth/me")).status).toBe(401);
    const response = await browser.request("POST", "/api/auth/refresh");
    expect(response.status).toBe(200);
    // A page's script need never see it.
    expect(await response.json()).toMatchObject({ refreshToken: null, user: { id: user.id } });
    expect((await browser.request("GET", "/api/auth/me")).status).toBe(200);
  });
});

describe("another site", () => {
  const CROSS = { origin: "https://evil.example" };
  const csrf = { status: 403, code: "auth.csrf" };

  test("can write nothing with a visitor's cookies, however it sends", async () => {
    const user = await platform.makeUser();
    const browser = await signedInBrowser(user);
    const writes = [
      ["POST", "/api/auth/refresh"],
      ["POST", "/api/auth/logout"],
      ["POST", "/api/auth/logout-all"],
      ["DELETE", `/api/auth/sessions/${user.sessionId}`],
      ["PUT", "/api/auth/password", { currentPassword: TEST_PASSWORD, newPassword: "four words are enough" }],
      ["PUT", "/api/auth/email", { email: "evil@example.org", password: TEST_PASSWORD }],
    ] as const;
    for (const [method, path, body] of writes) {
      for (const headers of [
        CROSS,
        { origin: "null" },
        { origin: "http://localhost.evil.example" },
        { origin: "http://localhost:81" },
        { origin: ORIGIN, "x-csrf-token": "" },
        { origin: ORIGIN, "x-csrf-token": browser.cookie("streamhub_csrf")!.replace(/.$/, "") },
        { origin: ORIGIN, "x-csrf-token": createHmac("sha256", "guess").update("csrf 1").digest("base64url") },
      ] as Record<string, string>[])
        expect({ path, headers, ...(await codeOf(await browser.request(method, path, body, headers))) }).toEqual({
          path,
          headers,
          ...csrf,
        });
    }
    expect((await browser.request("GET", "/api/auth/me")).status).toBe(200);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(200);
  });

  test("can't sign its visitor in as somebody else, with a form or without", async () => {
    const user = await platform.makeUser();
    const body = { login: user.username, password: TEST_PASSWORD };
    const register = { username: "forged", email: "forged@example.org", password: "four words are enough" };
    for (const headers of [CROSS, { origin: "null" }, { "sec-fetch-site": "cross-site" }] as Record<string, string>[]) {
      const answers = [
        await platform.request("POST", "/api/auth/login", body, headers),
        await platform.request("POST", "/api/auth/register", register, headers),
        await platform.request("POST", "/api/auth/login", new URLSearchParams(body), headers),
        await platform.request("POST", "/api/auth/login", JSON.stringify(body), {
          ...headers,
          "content-type": "text/plain",
        }),
      ];
      for (const answer of answers) {
        expect([403, 415, 422]).toContain(answer.status);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
      expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([403, 403]);
    }
    expect((await login(user.username, TEST_PASSWORD, { origin: ORIGIN })).status).toBe(200);
    expect((await login(user.username, TEST_PASSWORD, { "sec-fetch-site": "same-origin" })).status).toBe(200);
  });

  test("can't sign its visitor out, cookies sent or not", async () => {
    const response = await platform.request("POST", "/api/auth/logout", new URLSearchParams(), CROSS);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect([403, 415]).toContain(response.status);
  });

  test("a program with a bearer token needs neither Origin nor CSRF token", async () => {
    const user = await platform.makeUser();
    expect((await user.request("POST", "/api/auth/logout", undefined, CROSS)).status).toBe(403);
    expect((await user.request("POST", "/api/auth/logout")).status).toBe(204);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
  });
});

describe("access tokens", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const forge = (header: object, payload: object, secret: string | null, hash = "sha256") => {
    const text = `${part(header)}.${part(payload)}`;
    return `${text}.${secret === null ? "" : createHmac(hash, secret).update(text).digest("base64url")}`;
  };
  const soon = () => Math.floor(Date.now() / 1_000) + 600;
  const me = (token: string) =>
    platform.request("GET", "/api/auth/me", undefined, { authorization: `Bearer ${token}` });
  const invalid = { status: 401, code: "auth.invalid" };

  test("that are made up, changed, run out or signed otherwise are refused", async () => {
    const user = await platform.makeUser();
    const other = await platform.makeUser();
    const payload = { iss: "streamhub", sub: String(user.id), sid: user.sessionId, exp: soon() };
    const HS256 = { alg: "HS256", typ: "JWT" };
    const good = forge(HS256, payload, TEST_SECRET);
    expect((await me(good)).status).toBe(200);
    const { sign } = accessTokens(TEST_SECRET).decorator.accessTokens;
    const [head, body, signature] = good.split(".") as [string, string, string];
    const tokens = {
      "alg none": forge({ alg: "none" }, payload, null),
      "alg None": forge({ alg: "None", typ: "JWT" }, payload, null),
      "alg none, signed": forge({ alg: "none" }, payload, TEST_SECRET),
      "no alg": forge({ typ: "JWT" }, payload, TEST_SECRET),
      "another hash": forge({ alg: "HS512" }, payload, TEST_SECRET, "sha512"),
      "RS256 with our secret": forge({ alg: "RS256" }, payload, TEST_SECRET),
      "another secret": forge(HS256, payload, "another secret of 32 characters and more"),
      "an empty secret": forge(HS256, payload, ""),
      "no signature": `${head}.${body}.`,
      "two parts": `${head}.${body}`,
      "a cut signature": good.slice(0, -2),
      "another body": `${head}.${part({ ...payload, sub: String(other.id) })}.${signature}`,
      "run out": await sign({ sub: String(user.id), sid: user.sessionId, exp: soon() - 1_200 }),
      "not yet": forge(HS256, { ...payload, nbf: soon() }, TEST_SECRET),
      "without an end": forge(HS256, { ...payload, exp: undefined }, TEST_SECRET),
      "for something else": forge(HS256, { ...payload, iss: "streamhub-playback" }, TEST_SECRET),
      "another user's session": forge(HS256, { ...payload, sid: other.sessionId }, TEST_SECRET),
      "a session that never was": forge(HS256, { ...payload, sid: 999_999 }, TEST_SECRET),
      "a huge session": forge(HS256, { ...payload, sid: 2 ** 53 }, TEST_SECRET),
      "a negative session": forge(HS256, { ...payload, sid: -1 }, TEST_SECRET),
      "a text for a session": forge(HS256, { ...payload, sid: "1 or 1=1" }, TEST_SECRET),
      "a header that names a key": forge({ ...HS256, jwk: { kty: "oct", k: "AA" } }, payload, "\0"),
      "a critical extension": forge({ ...HS256, crit: ["exp"] }, payload, TEST_SECRET),
      noise: "x".repeat(5_000),
      dots: "..",
    };
    for (const [name, token] of Object.entries(tokens)) {
      expect({ name, ...(await codeOf(await me(token))) }).toEqual({ name, ...invalid });
      const byCookie = await platform.request("GET", "/api/auth/me", undefined, {
        cookie: `streamhub_access=${token}`,
      });
      expect({ name, status: byCookie.status }).toEqual({ name, status: 401 });
    }
    for (const authorization of ["Bearer", "Basic YTpi", "Token x", "Bearer a b", good])
      expect(await codeOf(await platform.request("GET", "/api/auth/me", undefined, { authorization }))).toEqual(
        invalid,
      );
  });

  test("a forged header is refused even beside a good cookie", async () => {
    const browser = await signedInBrowser(await platform.makeUser());
    expect((await browser.request("GET", "/api/auth/me", undefined, { authorization: "Bearer x.y.z" })).status).toBe(
      401,
    );
  });

  test("of an account that became inactive are worth nothing at once", async () => {
    const user = await platform.makeUser();
    await platform.database.sql`update users set is_active = false where id = ${user.id}`;
    expect(await codeOf(await user.request("GET", "/api/auth/me"))).toEqual(invalid);
    expect(
      await codeOf(await platform.request("POST", "/api/auth/refresh", { refreshToken: user.refreshToken })),
    ).toEqual(invalid);
  });
});

describe("refresh tokens", () => {
  const refresh = (refreshToken: unknown) => platform.request("POST", "/api/auth/refresh", { refreshToken });

  test("are good once, and each gives the next", async () => {
    const user = await platform.makeUser();
    let token = user.refreshToken;
    const seen = new Set([token]);
    for (let round = 0; round < 3; round++) {
      const response = await refresh(token);
      expect(response.status).toBe(200);
      const body = (await response.json()) as { refreshToken: string; accessToken: string };
      token = body.refreshToken;
      expect(seen.has(token)).toBe(false);
      seen.add(token);
      const headers = { authorization: `Bearer ${body.accessToken}` };
      expect((await platform.request("GET", "/api/auth/me", undefined, headers)).status).toBe(200);
    }
  });

  test("lie in the database as hashes only", async () => {
    const { refreshToken } = await platform.makeUser();
    const rows = await platform.database.sql<{ token_hash: string }[]>`select token_hash from refresh_tokens`;
    expect(rows.some(({ token_hash }) => token_hash === refreshToken)).toBe(false);
    expect(rows.some(({ token_hash }) => token_hash === hashToken(refreshToken))).toBe(true);
  });

  test("one that was stolen ends the session for owner and thief alike, and no other session", async () => {
    const user = await platform.makeUser();
    const elsewhere = await signedInBrowser(user);
    // The thief is first, the owner comes later with the same token.
    const stolen = (await (await refresh(user.refreshToken)).json()) as { refreshToken: string; accessToken: string };
    expect(await codeOf(await refresh(user.refreshToken))).toEqual({ status: 401, code: "auth.reused" });
    expect((await codeOf(await refresh(stolen.refreshToken))).code).toBe("auth.invalid");
    expect((await codeOf(await refresh(user.refreshToken))).code).toBe("auth.invalid");
    const headers = { authorization: `Bearer ${stolen.accessToken}` };
    expect((await platform.request("GET", "/api/auth/me", undefined, headers)).status).toBe(401);
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await elsewhere.request("GET", "/api/auth/me")).status).toBe(200);
    const [row] = await platform.database.sql`select revoked_for from sessions where id = ${user.sessionId}`;
    expect(row).toEqual({ revoked_for: "reuse" });
  });

  test("a browser whose token was stolen loses its cookies and is told", async () => {
    const browser = await signedInBrowser(await platform.makeUser());
    const stolen = browser.cookie("streamhub_refresh")!;
    expect((await refresh(stolen)).status).toBe(200);
    await longAgo(stolen);
    expect((await codeOf(await browser.request("POST", "/api/auth/refresh"))).code).toBe("auth.reused");
    expect([...browser.jar]).toEqual([]);
  });

  test("two tabs that refresh at once stay signed in, both", async () => {
    const browser = await signedInBrowser(await platform.makeUser());
    browser.drop("streamhub_access");
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.request("POST", "/api/auth/refresh")));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409, 409, 409, 409]);
    const [raced] = answers.filter(({ status }) => status === 409);
    expect(raced?.headers.get("retry-after")).toBe("1");
    expect(raced?.headers.getSetCookie()).toEqual([]);
    expect((await codeOf(raced!)).code).toBe("auth.raced");
    expect((await browser.request("GET", "/api/auth/me")).status).toBe(200);
    expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(200);
  });

  test("a program has no tabs: of two at once one wins, and the session is over", async () => {
    const user = await platform.makeUser();
    const answers = await Promise.all([refresh(user.refreshToken), refresh(user.refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const winner = (await answers.find(({ status }) => status === 200)!.json()) as { refreshToken: string };
    expect((await codeOf(await refresh(winner.refreshToken))).code).toBe("auth.invalid");
  });

  test("made up, empty, of another type: refused, and nothing breaks", async () => {
    for (const token of ["x", "\u0000", "\ud800", "a".repeat(200), "' or 1=1 --"])
      expect(await codeOf(await refresh(token))).toEqual({ status: 401, code: "auth.invalid" });
    for (const token of ["", 5, {}, [], null, "a".repeat(201)])
      expect(await codeOf(await refresh(token))).toEqual({ status: 422, code: "request.invalid" });
    expect(await codeOf(await platform.request("POST", "/api/auth/refresh"))).toEqual({
      status: 401,
      code: "auth.required",
    });
  });

  test("of a session that ran out are refused", async () => {
    const user = await platform.makeUser();
    await platform.database.sql`update sessions set expires_at = now() where id = ${user.sessionId}`;
    expect((await codeOf(await refresh(user.refreshToken))).code).toBe("auth.invalid");
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
  });
});

describe("sessions", () => {
  interface Session {
    id: number;
    userAgent: string;
    address: string;
    current: boolean;
  }
  const list = async (request: TestUser["request"]) =>
    ((await (await request("GET", "/api/auth/sessions")).json()) as { items: Session[] }).items;

  test("are listed with where they are, and end one by one", async () => {
    const user = await platform.makeUser();
    const phone = makeBrowser(platform, "198.51.100.7");
    const body = { login: user.username, password: TEST_PASSWORD };
    await phone.request("POST", "/api/auth/login", body, { "user-agent": "Phone/1" });
    const sessions = await list(user.request);
    expect(sessions).toHaveLength(2);
    expect(sessions.find(({ current }) => current)).toMatchObject({ id: user.sessionId, userAgent: "test" });
    const other = sessions.find(({ current }) => !current)!;
    expect(other).toMatchObject({ address: "198.51.100.7", userAgent: "Phone/1" });
    expect(JSON.stringify(sessions)).not.toMatch(/token|hash/i);
    expect((await user.request("DELETE", `/api/auth/sessions/${other.id}`)).status).toBe(204);
    expect((await phone.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await codeOf(await user.request("DELETE", `/api/auth/sessions/${other.id}`))).code).toBe(
      "session.not-found",
    );
    expect(await list(user.request)).toHaveLength(1);
  });

  test("of others are none", async () => {
    const [user, other] = [await platform.makeUser(), await platform.makeUser({ role: "admin" })];
    for (const id of [other.sessionId, 0, -1, 999_999, 2 ** 31, 2 ** 53])
      expect((await codeOf(await user.request("DELETE", `/api/auth/sessions/${id}`))).code).toBe("session.not-found");
    for (const id of ["x", "1.5", "1e9x"])
      expect((await user.request("DELETE", `/api/auth/sessions/${id}`)).status).toBe(422);
    expect((await other.request("GET", "/api/auth/me")).status).toBe(200);
  });

  test("signing out everywhere ends them all, and their refresh tokens", async () => {
    const user = await platform.makeUser();
    const browsers = [await signedInBrowser(user), await signedInBrowser(user, "198.51.100.9")];
    const stranger = await signedInBrowser(await platform.makeUser());
    expect((await browsers[0]!.request("POST", "/api/auth/logout-all")).status).toBe(204);
    expect([...browsers[0]!.jar]).toEqual([]);
    for (const browser of browsers) {
      expect((await browser.request("GET", "/api/auth/me")).status).toBe(401);
      expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(401);
    }
    expect((await user.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await stranger.request("GET", "/api/auth/me")).status).toBe(200);
  });

  test("signing out works with whatever names the session, and again", async () => {
    const byBody = await platform.makeUser();
    const body = { refreshToken: byBody.refreshToken };
    expect((await platform.request("POST", "/api/auth/logout", body)).status).toBe(204);
    expect((await byBody.request("GET", "/api/auth/me")).status).toBe(401);
    expect((await platform.request("POST", "/api/auth/logout", body)).status).toBe(204);
    expect((await platform.request("POST", "/api/auth/logout")).status).toBe(204);
    expect((await byBody.request("POST", "/api/auth/logout")).status).toBe(204);
    const forged = { authorization: "Bearer x.y.z" };
    const refused = await platform.request("POST", "/api/auth/logout", undefined, forged);
    expect((await codeOf(refused)).code).toBe("auth.invalid");

    const byRefreshCookie = await signedInBrowser(await platform.makeUser());
    const token = byRefreshCookie.cookie("streamhub_refresh")!;
    byRefreshCookie.drop("streamhub_access");
    expect((await byRefreshCookie.request("POST", "/api/auth/logout")).status).toBe(204);
    const again = await platform.request("POST", "/api/auth/refresh", { refreshToken: token });
    expect((await codeOf(again)).code).toBe("auth.invalid");
  });

  test("there are at most fifty of an account: the oldest end", async () => {
    const user = await platform.makeUser();
    const { sql } = platform.database;
    await sql`insert into sessions (user_id, expires_at, last_used_at)
      select ${user.id}, now() + interval '1 day', now() - interval '1 hour' from generate_series(1, 60)`;
    await signedInBrowser(user);
    expect(await list(user.request)).toHaveLength(50);
  });
});

test("nothing of this was a mistake of the server", () => {
  expect(platform.failures).toEqual([]);
});
