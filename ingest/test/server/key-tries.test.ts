/** Guesses of keys at a real listener behind a gateway, which says whose they are. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../../src/bytes/units.ts";
import { makeKeyTries } from "../../src/server/key-tries.ts";
import { DEFAULT_SERVER_LIMITS } from "../../src/server/limits.ts";
import { admitted, openServer, type TestServer, until } from "./open-server.ts";
import * as peer from "./peer-bytes.ts";
import { openRawPeer } from "./raw-peer.ts";

setDefaultTimeout(60_000);

const LIMIT = DEFAULT_SERVER_LIMITS.maxFailedKeysPerMinute;
const UNKNOWN = { kind: "refused", code: "publish.unknown-key", reason: "Because." } as const;
let server: TestServer;
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

function open(isProxied = true): void {
  server = openServer({
    limits: DEFAULT_SERVER_LIMITS,
    verdict: ({ key }) => (key.startsWith("good") ? admitted(key, null) : UNKNOWN),
    isProxy: () => isProxied,
    networkOf: (address) => address.replace(/\d+$/, "0/24"),
  });
  cleanUps.push(() => server[Symbol.asyncDispose]());
}

/** Tries a key; whether it is live afterwards. */
async function tries(key: string, address: string | null): Promise<boolean> {
  const client = await openRawPeer(server.port);
  cleanUps.push(() => client[Symbol.dispose]());
  const header = address === null ? "" : `PROXY TCP4 ${address} 192.0.2.1 40000 1935\r\n`;
  client.send(new TextEncoder().encode(header), peer.startPublish(key));
  const isLive = () => server.registry.find(key) !== undefined;
  await until(`${key} is decided on`, () => client.isClosed() || isLive());
  const said = Buffer.from(client.received()).toString("latin1");
  if (!isLive()) expect(said).toContain("NetStream.Publish.BadName");
  return isLive();
}

test("who guesses is refused unseen until the minute is over, and nobody elsewhere is", async () => {
  open();
  for (let i = 0; i < LIMIT; i++) await tries(`guess-${i}`, `203.0.113.${i}`);
  expect(server.asked).toHaveLength(LIMIT);
  for (let i = 0; i < 5; i++) expect(await tries(`more-${i}`, "203.0.113.200")).toBe(false);
  // Never seen before: from there it can't be told from a guess.
  expect(await tries("good-new", "203.0.113.7")).toBe(false);
  expect(server.asked).toHaveLength(LIMIT);
  expect(server.allClosed()).toEqual({ "refused.unknown-key": LIMIT, "refused.too-many-tries": 6 });
  expect(await tries("good-elsewhere", "198.51.100.7")).toBe(true);
  const told = server.logged.filter(({ level, code }) => level === "warn" && code === "publish.too-many-tries");
  expect(told).toHaveLength(1);
  expect(JSON.stringify(told)).not.toMatch(/guess-|more-/);
});

test("who was let in before is let in beside one who guesses", async () => {
  open();
  expect(await tries("good-known", "203.0.113.7")).toBe(true);
  server.registry.find("good-known")!.refuse("publish.cut", "Over.");
  await until("it is over", () => server.registry.find("good-known") === undefined);
  for (let i = 0; i < LIMIT; i++) await tries(`guess-${i}`, "203.0.113.7");
  expect(await tries("good-known", "203.0.113.7")).toBe(true);
});

test("an encoder that goes on with one wrong key keeps nobody out", async () => {
  open();
  for (let i = 0; i < 2 * LIMIT; i++) await tries("old-key", "203.0.113.7");
  expect(await tries("good", "203.0.113.7")).toBe(true);
  expect(server.closed("refused.unknown-key")).toBe(2 * LIMIT);
});

test("this machine's own tries are not counted", async () => {
  open(false);
  for (let i = 0; i < 2 * LIMIT; i++) await tries(`guess-${i}`, null);
  expect(server.allClosed()).toEqual({ "refused.unknown-key": 2 * LIMIT });
});

describe("the count", () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };

  test("begins anew when a minute is over", () => {
    let now = 0;
    const tried = makeKeyTries({ limit: 2, networkOf: (address) => address, now: () => ms(now), log: silent });
    for (const key of ["a", "b"]) tried.failed("192.0.2.1", key);
    expect(tried.mayTry("192.0.2.1", "c")).toBe(false);
    now = 59_999;
    expect(tried.mayTry("192.0.2.1", "c")).toBe(false);
    now = 60_000;
    expect(tried.mayTry("192.0.2.1", "c")).toBe(true);
  });

  test("law: a network is refused when it has failed with so many different keys, and only then", () => {
    const address = fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3");
    const key = fc.constantFrom("a", "b", "c", "d", "e");
    fc.assert(
      fc.property(fc.array(fc.tuple(address, key), { maxLength: 40 }), fc.constantFrom(1, 2, 4), (failures, limit) => {
        const tried = makeKeyTries({ limit, networkOf: (one) => one, now: () => ms(0), log: silent });
        const model = new Map<string, Set<string>>();
        for (const [from, wrong] of failures) {
          tried.failed(from, wrong);
          model.set(from, (model.get(from) ?? new Set()).add(wrong));
        }
        for (const [from, keys] of model) expect(tried.mayTry(from, "new")).toBe(keys.size < limit);
        expect(tried.mayTry("192.0.2.9", "new")).toBe(true);
      }),
    );
  });

  test("remembers so many networks, and forgets the oldest", () => {
    const tried = makeKeyTries({ limit: 1, networkOf: (one) => one, now: () => ms(0), log: silent });
    for (let i = 0; i < 5_000; i++) tried.failed(`network ${i}`, "key");
    expect(tried.mayTry("network 0", "key")).toBe(true);
    expect(tried.mayTry("network 4999", "key")).toBe(false);
  });
});
