/** Webhooks over the API, from their making to what was sent. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Registry } from "prom-client";
import { until } from "../../test/event-clients.ts";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../../test/webhook-receiver.ts";
import { makeOutbound } from "../outbound/outbound.ts";
import { startWebhooks, type Webhooks } from "./start.ts";

setDefaultTimeout(60_000);

const outbound = makeOutbound({ anywhere: true });
const silent = { info: () => {}, warn: () => {}, error: () => {} };
let platform: TestPlatform;
let receiver: WebhookReceiver;
let worker: Webhooks;
/** Of a platform that may ask public addresses alone, as every real one. */
let strict: TestPlatform;

beforeAll(async () => {
  receiver = startWebhookReceiver();
  platform = await startPlatform({ outbound });
  strict = await startPlatform();
  const { database, vault } = platform;
  worker = startWebhooks({ db: database.db, vault, metrics: new Registry(), log: silent, outbound, every: 10 });
});
afterAll(async () => {
  await worker?.stop();
  await platform?.close();
  await strict?.close();
  await receiver?.stop();
});

interface Shown {
  readonly id: number;
  readonly isActive: boolean;
  readonly disabledFor: string | null;
  readonly oldSecretUntil: string | null;
  readonly secret: string;
  readonly events: readonly string[];
}
interface Sent {
  readonly id: number;
  readonly messageId: string;
  readonly type: string;
  readonly state: string;
}

const EVENTS = ["stream.started", "stream.ended"];
const URL_OUTSIDE = "https://hooks.example.org/streamhub?room=3";

async function answer<T>(user: TestUser, status: number, method: string, path: string, body?: unknown): Promise<T> {
  const response = await user.request(method, path, body);
  const text = await response.text();
  expect({ path, status: response.status, text }).toMatchObject({ status });
  return JSON.parse(text === "" ? "null" : text) as T;
}
const make = (user: TestUser, url = URL_OUTSIDE, events = EVENTS) =>
  answer<Shown>(user, 201, "POST", "/api/webhooks", { url, events });
const messages = async (user: TestUser, id: number, query = "") =>
  answer<{ items: Sent[]; nextCursor: string | null }>(user, 200, "GET", `/api/webhooks/${id}/deliveries${query}`);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe("a webhook", () => {
  test("shows its secret when it is made and when it is changed, and never again", async () => {
    const user = await platform.makeUser();
    const made = await make(user);
    expect(made).toMatchObject({ events: EVENTS, isActive: true, disabledFor: null, oldSecretUntil: null });
    const rotated = await answer<Shown>(user, 200, "POST", `/api/webhooks/${made.id}/rotate`);
    expect(rotated.secret).not.toBe(made.secret);
    expect(new Date(rotated.oldSecretUntil!).getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await answer(user, 202, "POST", `/api/webhooks/${made.id}/test`);
    const said: string[] = [];
    for (const path of ["", `/${made.id}`, `/${made.id}/deliveries`])
      said.push(await (await user.request("GET", `/api/webhooks${path}`)).text());
    said.push(await (await user.request("PATCH", `/api/webhooks/${made.id}`, { isActive: true })).text());
    said.push(JSON.stringify(await platform.database.sql`select * from webhooks`));
    for (const { secret } of [made, rotated]) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(said.join("\n")).not.toContain(secret.slice(6));
    }
  });

  test("is asked for a public https address and events that there are", async () => {
    const user = await strict.makeUser();
    for (const url of [
      ...["http://hooks.example.org/x", "https://localhost/x", "https://127.0.0.1/x", "https://[::1]/x"],
      ...["https://10.0.0.8/x", "https://name:word@hooks.example.org/", "ftp://hooks.example.org/x", "nothing at all"],
    ]) {
      const response = await user.request("POST", "/api/webhooks", { url, events: EVENTS });
      const { code, errors } = (await response.json()) as { code: string; errors: { field: string }[] };
      expect([url, code, errors[0]?.field]).toEqual([url, "request.invalid", "/url"]);
    }
    for (const events of [[], ["stream.exploded"], ["stream.ended", "stream.ended"], "stream.ended"])
      expect((await user.request("POST", "/api/webhooks", { url: URL_OUTSIDE, events })).status).toBe(422);
    const { id } = await make(user);
    expect((await user.request("PATCH", `/api/webhooks/${id}`, { url: "https://10.0.0.8/x" })).status).toBe(422);
  });

  test("is one of ten at most, also when many are made at once", async () => {
    const user = await platform.makeUser();
    const body = { url: URL_OUTSIDE, events: EVENTS };
    const responses = await Promise.all(Array.from({ length: 14 }, () => user.request("POST", "/api/webhooks", body)));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(await codeOf(responses.find(({ status }) => status !== 201)!)).toBe("webhook.limit");
    const { items } = await answer<{ items: Shown[] }>(user, 200, "GET", "/api/webhooks");
    expect(items).toHaveLength(10);
    await answer(user, 204, "DELETE", `/api/webhooks/${items[0]!.id}`);
    await make(user);
  });

  test("changes what is given, and rests and begins anew as its owner wants", async () => {
    const user = await platform.makeUser();
    const { id } = await make(user);
    const changed = await answer<Shown>(user, 200, "PATCH", `/api/webhooks/${id}`, { events: ["recording.ready"] });
    expect(changed).toMatchObject({ url: URL_OUTSIDE, events: ["recording.ready"], isActive: true });
    await platform.database.sql`update webhooks set is_active = false, disabled_for = 'gone' where id = ${id}`;
    expect(await answer<Shown>(user, 200, "GET", `/api/webhooks/${id}`)).toMatchObject({ disabledFor: "gone" });
    expect(await codeOf(await user.request("POST", `/api/webhooks/${id}/test`))).toBe("webhook.inactive");
    const again = await answer<Shown>(user, 200, "PATCH", `/api/webhooks/${id}`, { isActive: true });
    expect(again).toMatchObject({ isActive: true, disabledFor: null });
  });
});

describe("messages", () => {
  test("are tried, arrive, are listed page by page, and can be sent once more", async () => {
    const user = await platform.makeUser();
    const hook = receiver.hook();
    const { id, secret } = await make(user, hook.url);
    hook.knows(secret);
    const sent = await answer<Sent>(user, 202, "POST", `/api/webhooks/${id}/test`);
    expect(sent).toMatchObject({ type: "webhook.test", state: "pending" });
    await until(() => hook.received.length === 1, "the test arrives");
    expect(hook.received[0]!.message).toMatchObject({ type: "webhook.test", data: { webhookId: id } });
    const channel = await platform.makeChannel(`told-${id}`, { owner: user });
    await channel.goLive();
    await channel.end();
    const done = async () => (await messages(user, id, "?state=delivered")).items.length;
    await until(async () => (await done()) === 3, "all are delivered");
    const first = await messages(user, id, "?limit=2");
    const second = await messages(user, id, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ type }) => type)).toEqual([
      "stream.ended",
      "stream.started",
      "webhook.test",
    ]);
    expect(second.nextCursor).toBeNull();
    await answer(user, 202, "POST", `/api/webhooks/${id}/deliveries/${sent.id}/redeliver`);
    await until(() => hook.received.length === 4, "it arrives once more");
    expect(hook.received[3]!.id).toBe(sent.messageId);
    expect(hook.received[3]!.body).toBe(hook.received[0]!.body);
    const nothing = await user.request("POST", `/api/webhooks/${id}/deliveries/2147483647/redeliver`);
    expect(await codeOf(nothing)).toBe("webhook.delivery-not-found");
  });

  test("of somebody else's webhook can't be sent again by way of one's own", async () => {
    const [one, two] = [await platform.makeUser(), await platform.makeUser()];
    const [theirs, own] = [await make(one), await make(two)];
    const sent = await answer<Sent>(one, 202, "POST", `/api/webhooks/${theirs.id}/test`);
    const response = await two.request("POST", `/api/webhooks/${own.id}/deliveries/${sent.id}/redeliver`);
    expect(await codeOf(response)).toBe("webhook.delivery-not-found");
  });
});

test("a program needs the scope channels, for reading too", async () => {
  const user = await platform.makeUser();
  for (const [scope, status] of [
    ["read", 403],
    ["channels", 200],
  ] as const) {
    const made = await answer<{ token: string }>(user, 201, "POST", "/api/auth/tokens", { name: "a program", scope });
    const headers = { authorization: `Bearer ${made.token}` };
    expect((await platform.request("GET", "/api/webhooks", undefined, headers)).status).toBe(status);
  }
});

test("nothing of this was a mistake of the server", () => {
  expect([...platform.failures, ...strict.failures]).toEqual([]);
});
