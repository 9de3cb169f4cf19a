/** Guessing passwords: how often, from where, and that no attack keeps an owner out. Time is the bus's own, set by the tests. */
import { afterAll, afterEach, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { queries } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { makeBrowser } from "../../test/browser.ts";
import { startPlatform, TEST_PASSWORD, type TestPlatform } from "../../test/platform.ts";
import { hashPassword, makeGate, PasswordsBusy, verifyPassword } from "./passwords.ts";
import { makeThrottle, NETWORK, STRANGERS, TRIES } from "./throttle.ts";

let clock = 1_700_000_000_000;
const bus = makeInProcessBus(() => clock);
let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform({ bus });
}, 60_000);
afterAll(async () => {
  await platform?.close();
  await bus.close();
});
/** Longer than any window. */
afterEach(() => {
  clock += 24 * 3_600_000;
});

const HOME = "203.0.113.5";
const AWAY = "198.51.100.77";
const login = (name: string, password: string, address: string) =>
  platform.request("POST", "/api/auth/login", { login: name, password }, { "x-test-address": address });
const guess = async (name: string, address: string) => (await login(name, "a wrong guess", address)).status;
async function guesses(count: number, name: string, address: (index: number) => string): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index++) statuses.push(await guess(name, address(index)));
  return statuses;
}
/** As many wrong passwords of a name from all over the world, without the work of hashing them. */
async function attack(count: number, name: string): Promise<void> {
  for (let index = 0; index < count; index++)
    await makeThrottle(bus).failed({
      name,
      network: `10.${index >> 8}.${index & 255}.1`,
      known: false,
      sessionId: null,
    });
}
/** As many names guessed from one network. */
async function spray(count: number, network: string): Promise<void> {
  for (let index = 0; index < count; index++)
    await makeThrottle(bus).failed({ name: `sprayed-${index}`, network, known: false, sessionId: null });
}
/** An account whose owner has signed in from home. */
async function ownerAtHome() {
  const user = await platform.makeUser();
  expect((await login(user.username, TEST_PASSWORD, HOME)).status).toBe(200);
  return user;
}

describe("one network", () => {
  test("has some tries of a name, then waits; the right password is refused too", async () => {
    const { username } = await ownerAtHome();
    expect(await guesses(TRIES.limit + 1, username, () => AWAY)).toEqual([...new Array(TRIES.limit).fill(401), 429]);
    const response = await login(username, TEST_PASSWORD, AWAY);
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ code: "limit.exceeded" });
    const seconds = Number(response.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds * 1_000).toBeLessThanOrEqual(2 * TRIES.window);
    clock += seconds * 1_000;
    expect((await login(username, TEST_PASSWORD, AWAY)).status).toBe(200);
  });

  test("gets the same answers for a name that nobody has", async () => {
    expect(await guesses(TRIES.limit + 1, "nobody-at-all", () => AWAY)).toEqual([
      ...new Array(TRIES.limit).fill(401),
      429,
    ]);
  });

  test("is one, whatever address of an IPv6 network it uses, and however the name is written", async () => {
    const { username } = await platform.makeUser();
    const written = [username, username.toUpperCase(), ` ${username}`];
    const statuses: number[] = [];
    for (let index = 0; index <= TRIES.limit; index++)
      statuses.push(await guess(written[index % 3]!, `2001:db8:7::${index.toString(16)}`));
    expect(statuses).toEqual([...new Array(TRIES.limit).fill(401), 429]);
    expect(await guess(username, "2001:db8:7:1::1")).toBe(401);
  });

  test("a crowd of guesses at once is counted one by one", async () => {
    const { username } = await platform.makeUser();
    const verify = spyOn(Bun.password, "verify");
    const statuses = await Promise.all(Array.from({ length: 60 }, () => guess(username, AWAY)));
    const verified = verify.mock.calls.length;
    verify.mockRestore();
    expect(statuses.filter((status) => status === 401)).toHaveLength(TRIES.limit);
    expect(verified).toBe(TRIES.limit);
  });

  test("that tries many names waits as well, but for accounts that know it", async () => {
    const user = await ownerAtHome();
    await spray(NETWORK.limit - 5, HOME);
    const statuses = [];
    for (let index = 0; index < 7; index++) statuses.push(await guess(`one-more-${index}`, HOME));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const other = await platform.makeUser();
    expect((await login(other.username, TEST_PASSWORD, HOME)).status).toBe(429);
    expect((await login(user.username, TEST_PASSWORD, HOME)).status).toBe(200);
  });

  test("does not win tries of others' accounts by signing in to its own", async () => {
    const own = await platform.makeUser();
    await spray(NETWORK.limit - 5, AWAY);
    const statuses = [];
    for (let index = 0; index < 7; index++) {
      await login(own.username, TEST_PASSWORD, AWAY);
      statuses.push(await guess(`victim-${index}`, AWAY));
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  test("forgets the owner's typing errors after the right password", async () => {
    const { username } = await ownerAtHome();
    for (let round = 0; round < 3; round++) {
      expect(await guesses(TRIES.limit - 1, username, () => HOME)).not.toContain(429);
      expect((await login(username, TEST_PASSWORD, HOME)).status).toBe(200);
    }
  });
});

describe("an attack from everywhere", () => {
  const everywhere = (index: number) => `172.20.${index}.1`;

  test("stops, and the owner signs in: from home, and with a browser that was there before", async () => {
    const user = await ownerAtHome();
    const laptop = makeBrowser(platform, "192.0.2.200");
    const body = { login: user.username, password: TEST_PASSWORD };
    expect((await laptop.request("POST", "/api/auth/login", body)).status).toBe(200);

    for (const name of [user.username, user.email]) {
      await attack(STRANGERS.limit - 3, name);
      expect(await guesses(5, name, everywhere)).toEqual([401, 401, 401, 429, 429]);
    }

    expect((await login(user.username, TEST_PASSWORD, "172.16.0.1")).status).toBe(429);
    expect((await login(user.username, TEST_PASSWORD, HOME)).status).toBe(200);
    // On a journey, with the browser of before, signed in or out of date.
    const travelling = makeBrowser(platform, "172.16.0.2");
    for (const [name, cookie] of laptop.jar) travelling.jar.set(name, cookie);
    expect((await travelling.request("GET", "/api/auth/me")).status).toBe(200);
    await platform.database.sql`update sessions set expires_at = now() where user_id = ${user.id}`;
    expect((await travelling.request("POST", "/api/auth/login", body)).status).toBe(200);
  });

  test("with a session of another account, or a made-up one, is one of strangers", async () => {
    const user = await ownerAtHome();
    const attacker = await platform.makeUser();
    await attack(STRANGERS.limit, user.username);
    for (const token of [attacker.refreshToken, "made-up"]) {
      const headers = { "x-test-address": "172.16.0.9", cookie: `streamhub_refresh=${token}` };
      const body = { login: user.username, password: TEST_PASSWORD };
      expect((await platform.request("POST", "/api/auth/login", body, headers)).status).toBe(429);
    }
  });

  test("a session has tries of its own, and not without end", async () => {
    const user = await platform.makeUser();
    const headers = { "x-test-address": AWAY, cookie: `streamhub_refresh=${user.refreshToken}` };
    const statuses: number[] = [];
    for (let index = 0; index <= TRIES.limit; index++) {
      const body = { login: user.username, password: "a wrong guess" };
      statuses.push((await platform.request("POST", "/api/auth/login", body, headers)).status);
    }
    expect(statuses).toEqual([...new Array(TRIES.limit).fill(401), 429]);
  });

  test("tells a stranger nothing: a name that nobody has runs out alike", async () => {
    await attack(STRANGERS.limit - 3, "nobody-here");
    expect(await guesses(5, "nobody-here", everywhere)).toEqual([401, 401, 401, 429, 429]);
  });
});

describe("the same work for every name", () => {
  test("one verification of the same cost, whether there is such an account or not", async () => {
    const { username, email } = await platform.makeUser();
    await platform.database.sql`update users set hashed_password = ${await hashPassword(TEST_PASSWORD)}
      where username = ${username}`;
    const costs: Record<string, string> = {};
    const verify = spyOn(Bun.password, "verify");
    for (const name of [username, email, "nobody-knows", "nobody@example.org", "owner", "\u0000", "a".repeat(254)]) {
      verify.mockClear();
      expect(await guess(name, "10.200.0.1")).toBe(401);
      expect(verify).toHaveBeenCalledTimes(1);
      costs[name] = String(verify.mock.calls[0]?.[1]).split("$").slice(0, 4).join("$");
    }
    verify.mockRestore();
    expect([...new Set(Object.values(costs))]).toEqual(["$argon2id$v=19$m=19456,t=2,p=1"]);
  });

  test("as many questions to the database", async () => {
    const { username } = await platform.makeUser();
    const found = spyOn(queries, "knownAddresses");
    const counts: number[] = [];
    for (const name of [username, "nobody-knows"]) {
      found.mockClear();
      await guess(name, "10.200.0.2");
      counts.push(found.mock.calls.length);
    }
    found.mockRestore();
    expect(new Set(counts).size).toBe(1);
  });

  /** For people to look at; a busy machine decides nothing. */
  test("the time it takes, as a ratio", async () => {
    const { username } = await platform.makeUser();
    const times: Record<string, number[]> = { [username]: [], "nobody-knows": [] };
    // In turns, so that a load that comes and goes weighs on both.
    for (let round = 0; round < 12; round++)
      for (const [name, list] of Object.entries(times)) {
        clock += 24 * 3_600_000;
        const began = performance.now();
        await guess(name, "10.200.0.3");
        list.push(performance.now() - began);
      }
    const median = (name: string) => times[name]!.toSorted((x, y) => x - y)[6]!;
    const [known, unknown] = [median(username), median("nobody-knows")];
    console.log(`sign-in with a wrong password, unknown / known name: ${(unknown / known).toFixed(2)} of the time`);
    expect(known).toBeGreaterThan(0);
  });
});

describe("the gate of hashing", () => {
  test("lets so many in at once, in order, and turns away what is too much", async () => {
    const through = makeGate(2, 3, () => new PasswordsBusy("busy"));
    const release: (() => void)[] = [];
    const order: number[] = [];
    const enter = (index: number) =>
      through(async () => {
        order.push(index);
        await new Promise<void>((resolve) => release.push(resolve));
      });
    const inside = [0, 1, 2, 3, 4].map(enter);
    await expect(enter(5)).rejects.toBeInstanceOf(PasswordsBusy);
    expect(order).toEqual([0, 1]);
    for (let index = 0; index < 5; index++) {
      while (release.length === 0) await Promise.resolve();
      release.shift()!();
      await inside[index];
    }
    expect(order).toEqual([0, 1, 2, 3, 4]);
    await through(async () => {});
  });

  test("a task that fails leaves its place to the next", async () => {
    const through = makeGate(1, 1, () => new PasswordsBusy("busy"));
    const failing = through(async () => {
      throw new Error("broken");
    });
    const next = through(async () => "done");
    await expect(failing).rejects.toThrow("broken");
    expect(await next).toBe("done");
  });

  test("hashes compare by what was typed, however the keyboard composed it", async () => {
    const hash = await hashPassword("й о́ ё é".normalize("NFD"));
    expect(await verifyPassword("й о́ ё é".normalize("NFC"), hash)).toBe(true);
    expect(await verifyPassword("й o ё e", hash)).toBe(false);
    for (const none of [null, "!", "", "$2b$10$abcdefghijklmnopqrstuv"])
      expect(await verifyPassword("!", none)).toBe(false);
  });
});

test("names lie on the bus as hashes only", async () => {
  const keys: string[] = [];
  const limits = {
    hit: async (key: string) => {
      keys.push(key);
      return { allowed: true, remaining: 1, retryAfter: 0 };
    },
    reset: async (key: string) => void keys.push(key),
  };
  const throttle = makeThrottle({ limits });
  const attempt = { name: "somebody@example.org", network: HOME, known: false, sessionId: null };
  for (const step of [throttle.ask, throttle.count, throttle.failed, throttle.succeeded]) await step(attempt);
  expect(keys.length).toBeGreaterThan(6);
  for (const key of keys) expect(key).not.toContain("somebody");
});

test("nothing of this was a mistake of the server", () => {
  expect(platform.failures).toEqual([]);
});
