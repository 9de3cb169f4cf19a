import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { makeBuckets } from "./bucket.ts";

describe("a token bucket", () => {
  test("gives its burst at once, then so many per second, and says how long to wait", () => {
    let now = 0;
    const buckets = makeBuckets({ perSecond: 10, burst: 3 }, () => now);
    expect([1, 2, 3].map(() => buckets.take("a"))).toEqual([0, 0, 0]);
    expect(buckets.take("a")).toBe(100);
    expect(buckets.take("b")).toBe(0);
    now = 99;
    expect(buckets.take("a")).toBeCloseTo(1);
    now = 100;
    expect(buckets.take("a")).toBe(0);
    now = 1e9;
    expect([1, 2, 3, 4].map(() => buckets.take("a") === 0)).toEqual([true, true, true, false]);
  });

  test("law: within any time, at most the burst and what has flowed in", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 300 }), (waits) => {
        let now = 0;
        let given = 0;
        const buckets = makeBuckets({ perSecond: 20, burst: 5 }, () => now);
        for (const wait of waits) {
          now += wait;
          const until = buckets.take("a");
          if (until === 0) given++;
          else expect(until).toBeLessThanOrEqual(50);
          expect(given).toBeLessThanOrEqual(5 + (now / 1_000) * 20 + 1e-6);
        }
      }),
    );
  });

  test("forgets the oldest when there are too many", () => {
    const buckets = makeBuckets({ perSecond: 1, burst: 1 }, () => 0, 100);
    for (let i = 0; i < 10_000; i++) buckets.take(`key ${i}`);
    expect(buckets.size).toBe(100);
  });
});

describe("limits of the API", () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startPlatform({ limits: { perSecond: 0.01, burst: 20, writesPerMinute: 5, viewsPerMinute: 7 } });
  });
  afterAll(() => platform.close());

  let addresses = 0;
  const from = (address = `198.51.100.${++addresses}`) => ({ "x-test-address": address });
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

  test("reads: the burst, then 429 with Retry-After; another address is not concerned", async () => {
    const headers = from();
    for (let i = 0; i < 20; i++)
      expect((await platform.request("GET", "/api/channels", undefined, headers)).status).toBe(200);
    const refused = await platform.request("GET", "/api/channels", undefined, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(20);
    expect(wait).toBeLessThanOrEqual(100);
    expect(refused.headers.get("ratelimit-policy")).toBe('"requests";q=20;w=2000');
    expect(refused.headers.get("ratelimit")).toBe(`"requests";r=0;t=${wait}`);
    expect(refused.headers.get("cache-control")).toBe("no-store");
    expect(refused.headers.get("x-request-id")).not.toBeNull();
    expect(await codeOf(refused)).toBe("limit.exceeded");
    expect((await platform.request("GET", "/api/channels", undefined, from())).status).toBe(200);
    // Whatever it asks for, by whatever method.
    expect((await platform.request("HEAD", "/api/streams", undefined, headers)).status).toBe(429);
    expect((await platform.request("GET", "/api/nothing", undefined, headers)).status).toBe(429);
  });

  test("an IPv6 network is one asker, and so are all who have no address", async () => {
    const all = async (addressesOf: (i: number) => string) => {
      const statuses: number[] = [];
      for (let i = 0; i < 25; i++)
        statuses.push((await platform.request("GET", "/api/documents", undefined, from(addressesOf(i)))).status);
      return statuses.filter((status) => status === 429).length;
    };
    expect(await all((i) => `2001:db8:1:2::${i.toString(16)}`)).toBe(5);
    expect(await all((i) => `2001:db8:9:${i.toString(16)}::1`)).toBe(0);
    expect(await all(() => "")).toBe(5);
    expect(await all(() => "127.0.0.1")).toBe(5);
  });

  test("changes of an account: counted wherever they come from, told in every answer", async () => {
    const ada = await platform.makeUser();
    const bob = await platform.makeUser();
    const rename = (user: typeof ada) => user.request("PUT", `/api/users/${user.id}`, { fullName: "Somebody" }, from());
    const remaining: (string | null)[] = [];
    for (let i = 0; i < 5; i++) {
      const response = await rename(ada);
      expect(response.status).toBe(200);
      remaining.push(response.headers.get("ratelimit"));
    }
    expect(remaining).toEqual([4, 3, 2, 1, 0].map((left) => `"writes";r=${left}`));
    const refused = await rename(ada);
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(20);
    expect(wait).toBeLessThanOrEqual(62);
    expect(refused.headers.get("ratelimit")).toBe(`"writes";r=0;t=${wait}`);
    expect(refused.headers.get("ratelimit-policy")).toBe('"writes";q=5;w=60');
    expect(await codeOf(refused)).toBe("limit.exceeded");
    // Reading goes on, and so does everybody else, from the same address too.
    const { headers } = ada;
    expect((await platform.request("GET", "/api/auth/me", undefined, { ...headers, ...from() })).status).toBe(200);
    expect((await rename(bob)).status).toBe(200);
  });

  test("changes of nobody in particular are counted by address", async () => {
    const headers = from();
    const policies: (string | null)[] = [];
    for (let i = 0; i < 7; i++) {
      const response = await platform.request("POST", "/api/auth/logout", {}, headers);
      expect(response.status === 429).toBe(i >= 5);
      policies.push(response.headers.get("ratelimit-policy"));
    }
    expect(policies).toEqual(Array(7).fill('"writes";q=5;w=60'));
  });

  test("viewing sessions have a limit of their own, and their signs of life none", async () => {
    const streamId = await (await platform.makeChannel("watched")).goLive();
    const headers = {
      ...from(),
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    };
    const open = () => platform.request("POST", `/api/streams/${streamId}/views`, {}, headers);
    const first = await open();
    expect(first.status).toBe(201);
    expect(first.headers.get("ratelimit-policy")).toBe('"views";q=7;w=60');
    const { sessionId } = (await first.json()) as { sessionId: string };
    for (let i = 1; i < 7; i++) expect((await open()).status).toBe(201);
    expect((await open()).status).toBe(429);
    for (let i = 0; i < 50; i++) {
      const { status } = await platform.request("POST", `/api/views/${sessionId}/heartbeat`, { position: i }, headers);
      expect(status).toBe(204);
    }
  });

  test("all of it provoked no mistake of the server", () => {
    expect(platform.failures).toEqual([]);
  });
});
