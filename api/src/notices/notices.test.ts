/** From a stream that starts to the browsers of those who follow it, by way of a real push service. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { publishStreamChange } from "@streamhub/db";
import { Registry } from "prom-client";
import { until } from "../../test/event-clients.ts";
import { startPlatform, TEST_SECRET, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { type PushService, startPushService, type TestBrowser } from "../../test/push-service.ts";
import { makeOutbound } from "../outbound/outbound.ts";
import { startNotices } from "./start.ts";

const outbound = makeOutbound({ anywhere: true });
const silent = { info: () => {}, warn: () => {}, error: () => {} };
let platform: TestPlatform;
let service: PushService;
let names = 0;
const metrics = new Registry();

beforeAll(async () => {
  service = startPushService();
  platform = await startPlatform({ outbound });
  const { bus, vault, database } = platform;
  await startNotices({
    db: database.db,
    bus,
    vault,
    publicUrl: null,
    secret: TEST_SECRET,
    metrics,
    mailer: null,
    log: silent,
    outbound,
    firstRetry: 20,
  });
}, 60_000);
afterAll(async () => {
  await platform?.close();
  await service?.stop();
});

async function subscribe(user: TestUser, browser: TestBrowser, locale = "en"): Promise<void> {
  const response = await user.request("PUT", "/api/notices/push", { ...browser, locale });
  expect([response.status, await response.text()]).toEqual([204, ""]);
}

/** A channel with followers who are told, and how to bring it on air. */
async function channelOf(followers: readonly TestUser[], visibility: "public" | "unlisted" | "private" = "public") {
  const slug = `told-${++names}`;
  const owner = await platform.makeUser();
  const channel = await platform.makeChannel(slug, { owner, title: "Night Train", visibility });
  for (const user of followers) await user.request("PUT", `/api/channels/${channel.id}/follow`);
  const goLive = async () => {
    const streamId = await channel.goLive();
    await publishStreamChange(platform.bus, "stream.started", { streamId, channelId: channel.id, slug, visibility });
    return streamId;
  };
  return { ...channel, slug, owner, goLive };
}

const fieldOf = async (response: Response) =>
  ((await response.json()) as { errors: { field: string }[] }).errors[0]?.field;
const toldTo = (browser: TestBrowser) =>
  service.received.filter(({ path }) => path === new URL(browser.endpoint).pathname);
const endpointOf = async (user: TestUser) =>
  ((await (await user.request("GET", "/api/notices")).json()) as { push: { endpoint: string | null } }).push.endpoint;
/** All that was to be told is told when this one knows it: jobs of one kind go one after the other. */
async function settled(): Promise<void> {
  const [user, browser] = [await platform.makeUser(), service.browser()];
  await subscribe(user, browser);
  await (await channelOf([user])).goLive();
  await until(() => toldTo(browser).length > 0, "the last one is told");
}

describe("a channel that goes live", () => {
  test("is told to those who follow it, each in their language, and to nobody else", async () => {
    const users = [await platform.makeUser(), await platform.makeUser(), await platform.makeUser()];
    const [english, russian, stranger] = [service.browser(), service.browser(), service.browser()];
    await subscribe(users[0]!, english);
    await subscribe(users[1]!, russian, "ru");
    await subscribe(users[2]!, stranger);
    const channel = await channelOf(users.slice(0, 2));
    await channel.goLive();
    await until(() => toldTo(english).length > 0 && toldTo(russian).length > 0, "both are told");
    const message = { url: `/watch/${channel.slug}`, tag: `live-${channel.id}`, body: "" };
    expect(toldTo(english)[0]?.message).toEqual({ ...message, title: "Night Train is live" });
    expect(toldTo(russian)[0]?.message).toEqual({ ...message, title: "Night Train в эфире" });
    const { headers, claims } = toldTo(english)[0]!;
    expect([headers.get("ttl"), headers.get("urgency"), headers.get("topic")]).toEqual([
      "1800",
      "high",
      `live-${channel.id}`,
    ]);
    expect(claims.aud).toBe(service.origin);
    await settled();
    expect([english, russian, stranger].map((browser) => toldTo(browser).length)).toEqual([1, 1, 0]);
  });

  test("is told once, though it is said twice, and though it goes off and on", async () => {
    const [user, browser] = [await platform.makeUser(), service.browser()];
    await subscribe(user, browser);
    const channel = await channelOf([user]);
    await channel.goLive();
    await until(() => toldTo(browser).length > 0, "it is told");
    await channel.end();
    await channel.goLive();
    await settled();
    expect(toldTo(browser)).toHaveLength(1);
  });

  test("is told again to whom it could not be told at once, and to them alone", async () => {
    const users = [await platform.makeUser(), await platform.makeUser()];
    const [busy, well] = [service.browser(), service.browser()];
    await subscribe(users[0]!, busy);
    await subscribe(users[1]!, well);
    service.answers(
      busy,
      () => new Response("", { status: 503 }),
      () => new Response("", { status: 429, headers: { "retry-after": "0" } }),
    );
    await (await channelOf(users)).goLive();
    await until(() => toldTo(busy).length > 0, "it is told at last");
    expect([service.asked(busy), service.asked(well)]).toEqual([3, 1]);
  });

  test("is not told to a browser that is gone, ever again", async () => {
    for (const status of [404, 410]) {
      const [user, browser] = [await platform.makeUser(), service.browser()];
      await subscribe(user, browser);
      service.answers(browser, () => new Response("", { status }));
      await (await channelOf([user])).goLive();
      await until(async () => (await endpointOf(user)) === null, "it is forgotten");
    }
  });

  test("is not told to a session that is over, nor an account that rests, nor of a private channel", async () => {
    const users = [await platform.makeUser(), await platform.makeUser()];
    const browsers = [service.browser(), service.browser(), service.browser()];
    await subscribe(users[0]!, browsers[0]!);
    await subscribe(users[1]!, browsers[1]!);
    const channel = await channelOf(users);
    await users[0]!.request("POST", "/api/auth/logout-all");
    await platform.database.sql`update users set is_active = false where id = ${users[1]!.id}`;
    await channel.goLive();
    const hidden = await channelOf([], "private");
    await hidden.owner.request("PUT", `/api/channels/${hidden.id}/follow`);
    await subscribe(hidden.owner, browsers[2]!);
    await hidden.goLive();
    await settled();
    expect(browsers.map((browser) => toldTo(browser).length)).toEqual([0, 0, 0]);
  });
});

describe("a subscription", () => {
  test("is one of a session, and of one session for each browser", async () => {
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    const [first, second] = [service.browser(), service.browser()];
    expect(await endpointOf(one)).toBeNull();
    await subscribe(one, first);
    await subscribe(one, second);
    expect(await endpointOf(one)).toBe(second.endpoint);
    await subscribe(two, second);
    expect([await endpointOf(one), await endpointOf(two)]).toEqual([null, second.endpoint]);
    expect((await two.request("DELETE", "/api/notices/push")).status).toBe(204);
    expect(await endpointOf(two)).toBeNull();
  });

  test("is not taken with keys that are none", async () => {
    const user = await platform.makeUser();
    const { keys, endpoint } = service.browser();
    const p256dh = `A${keys.p256dh.slice(1)}`;
    const response = await user.request("PUT", "/api/notices/push", {
      endpoint,
      keys: { ...keys, p256dh },
      locale: "en",
    });
    expect([response.status, await fieldOf(response)]).toEqual([422, "/keys"]);
  });
});

test("what an address inside is, a subscription can't make the platform ask", async () => {
  const strict = await startPlatform();
  const user = await strict.makeUser();
  const { keys } = service.browser();
  for (const endpoint of [
    "http://push.example/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/x",
  ]) {
    const response = await user.request("PUT", "/api/notices/push", { endpoint, keys, locale: "en" });
    expect([response.status, await fieldOf(response)]).toEqual([422, "/endpoint"]);
  }
  await strict.close();
}, 60_000);

test("nothing of this was a mistake of the server", () => expect(platform.failures).toEqual([]));
