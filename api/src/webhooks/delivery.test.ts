/** From what happens on a channel to a real receiver, which checks every signature. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { Registry } from "prom-client";
import { until } from "../../test/event-clients.ts";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { startWebhookReceiver, type TestHook, type WebhookReceiver } from "../../test/webhook-receiver.ts";
import { makeOutbound, type Outbound } from "../outbound/outbound.ts";
import { makeWebhookSecret } from "./sign.ts";
import { startWebhooks, type Webhooks, type WebhooksOptions } from "./start.ts";

setDefaultTimeout(60_000);

const outbound = makeOutbound({ anywhere: true });
let platform: TestPlatform;
let receiver: WebhookReceiver;
let workers: Webhooks[] = [];
let logged: string[] = [];
let names = 0;

beforeAll(async () => {
  receiver = startWebhookReceiver();
  platform = await startPlatform({ outbound });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
  logged = [];
  await platform.database.sql`truncate webhooks cascade`;
});
afterAll(async () => {
  await platform?.close();
  await receiver?.stop();
});

const keep = (...words: unknown[]) => void logged.push(JSON.stringify(words));

/** A process that delivers. */
function start(more: Partial<WebhooksOptions> = {}): Registry {
  const metrics = new Registry();
  const { vault, database } = platform;
  const log = { info: keep, warn: keep, error: keep };
  workers.push(startWebhooks({ db: database.db, vault, metrics, log, outbound, every: 10, ...more }));
  return metrics;
}

/** A channel whose owner has a webhook at a receiver that knows its secret. */
async function channelWithHook() {
  const owner = await platform.makeUser();
  const channel = await platform.makeChannel(`hooked-${++names}`, { owner });
  const hook = receiver.hook();
  const { id, secret } = await hookOf(owner.id, hook);
  return { owner, channel, hook, id, secret };
}

async function hookOf(userId: number, hook: TestHook, url = hook.url) {
  const secret = makeWebhookSecret();
  const events = [...queries.WEBHOOK_EVENTS];
  const { db } = platform.database;
  const row = await queries.createWebhook(db, { userId, url, secretSealed: platform.vault.seal(secret), events });
  hook.knows(secret);
  return { id: row!.id, secret };
}

const deliveryOf = async (webhookId: number) =>
  (await queries.listDeliveries(platform.database.db, webhookId, { limit: 1 })).items[0]!;
const settled = (webhookId: number, state: string) =>
  until(async () => (await deliveryOf(webhookId)).state === state, `it is ${state}`);
const makeDue = () => platform.database.sql`update webhook_deliveries set next_at = now() where state = 'pending'`;

describe("a message", () => {
  test("arrives signed, with what happened, its id and its time", async () => {
    const { channel, hook, id, secret } = await channelWithHook();
    const metrics = start();
    const streamId = await channel.goLive();
    await until(() => hook.received.length > 0, "it arrives");
    const [got] = hook.received;
    expect(got!.message).toMatchObject({ type: "stream.started", data: { stream: { id: streamId, isLive: true } } });
    expect([got!.signatures, got!.signedBy]).toEqual([1, [secret]]);
    const { headers } = got!;
    expect([headers.get("content-type"), headers.get("user-agent")]).toEqual(["application/json", "StreamHub"]);
    await settled(id, "delivered");
    const delivery = await deliveryOf(id);
    expect(delivery).toMatchObject({ messageId: got!.id, body: got!.body, attempts: 1, lastStatus: 204, nextAt: null });
    expect(await metrics.metrics()).toContain('streamhub_webhook_attempts_total{outcome="delivered"} 1');
  });

  test("that is refused, led elsewhere or not answered comes again with the same id, and later each time", async () => {
    const { channel, hook, id } = await channelWithHook();
    const elsewhere = receiver.hook();
    hook.answers(
      () => new Response("", { status: 500 }),
      () => Response.redirect(elsewhere.url, 307),
      () => new Response("", { status: 503, headers: { "retry-after": "3600" } }),
      () => new Promise<Response>(() => {}),
    );
    const metrics = start({ outbound: makeOutbound({ anywhere: true, timeout: 300 }), random: () => 0 });
    await channel.goLive();
    const waits: [number, number | null, string | null][] = [];
    for (let attempts = 1; attempts <= 4; attempts++) {
      await until(async () => {
        const delivery = await deliveryOf(id);
        return delivery.attempts === attempts && delivery.nextAt!.getTime() > Date.now() + 1_000;
      }, `the attempt after number ${attempts} is planned`);
      const { nextAt, attemptedAt, lastStatus, lastFault } = await deliveryOf(id);
      const wait = Math.floor((nextAt!.getTime() - attemptedAt!.getTime()) / 5_000) * 5;
      waits.push([wait, lastStatus, lastFault]);
      await makeDue();
    }
    // 5 s, 5 min, an hour because the receiver asks for it, 2 h.
    expect(waits).toEqual([
      [5, 500, null],
      [300, 307, null],
      [3_600, 503, null],
      [7_200, null, "timeout"],
    ]);
    await settled(id, "delivered");
    expect([hook.received.length, hook.asked(), elsewhere.asked()]).toEqual([1, 5, 0]);
    const text = await metrics.metrics();
    expect(text).toContain('streamhub_webhook_attempts_total{outcome="retry"} 4');
    expect(text).not.toContain(hook.url);
  });

  test("to a receiver that is gone for ever is the last one", async () => {
    const { channel, hook, id, owner } = await channelWithHook();
    hook.answers(() => new Response("", { status: 410 }));
    start();
    await channel.goLive();
    await settled(id, "failed");
    const row = await queries.getWebhook(platform.database.db, owner.id, id);
    expect(row).toMatchObject({ isActive: false, disabledFor: "gone" });
    await channel.end();
    expect((await queries.listDeliveries(platform.database.db, id, { limit: 10 })).items).toHaveLength(1);
    await until(() => logged.some((line) => line.includes("webhook.disabled")), "it is logged");
  });

  test("is signed with the old secret as well until its time is over", async () => {
    const { channel, hook, id, owner, secret } = await channelWithHook();
    const next = makeWebhookSecret();
    hook.knows(next);
    const { db } = platform.database;
    const rotate = (hours: number) => queries.rotateWebhookSecret(db, owner.id, id, platform.vault.seal(next), hours);
    expect((await rotate(24))!.oldSecretUntil!.getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    start();
    await channel.goLive();
    await until(() => hook.received.length === 1, "it arrives");
    expect([hook.received[0]!.signatures, hook.received[0]!.signedBy]).toEqual([2, [secret, next]]);
    await platform.database.sql`update webhooks set old_secret_until = now() - interval '1 second'`;
    await channel.end();
    await until(() => hook.received.length === 2, "the next arrives");
    expect([hook.received[1]!.signatures, hook.received[1]!.signedBy]).toEqual([1, [next]]);
  });

  test("goes nowhere where the platform may not go, nor with a secret that it cannot read", async () => {
    const inside = await channelWithHook();
    start({ outbound: makeOutbound() });
    await inside.channel.goLive();
    await until(async () => (await deliveryOf(inside.id)).lastFault === "address", "it is refused");
    await platform.database.sql`update webhooks set secret_sealed = 'v1.nothing'`;
    await makeDue();
    await until(async () => (await deliveryOf(inside.id)).lastFault === "secret", "it is not signed");
    expect(inside.hook.asked()).toBe(0);
  });
});

describe("several processes", () => {
  test("share the work: each message is delivered once", async () => {
    const { hook, id } = await channelWithHook();
    const { db } = platform.database;
    const sent = await Promise.all(Array.from({ length: 40 }, () => queries.sendTestMessage(db, id)));
    start();
    start();
    await until(() => hook.asked() >= 40, "all arrive");
    await until(async () => (await queries.countPendingDeliveries(db)) === 0, "all are settled");
    expect(hook.asked()).toBe(40);
    const ids = hook.received.map((each) => each.id).toSorted();
    expect(ids).toEqual(sent.map((each) => each!.messageId).toSorted());
  });

  test("take over what one had when it died, and not before its lease is over", async () => {
    const { hook, id } = await channelWithHook();
    const { db } = platform.database;
    let taken = 0;
    // Never answers: as a process that died after it had taken the message.
    const dead: Outbound = {
      refuses: () => null,
      post() {
        taken++;
        return new Promise(() => {});
      },
    };
    start({ outbound: dead, lease: 1_000 });
    await queries.sendTestMessage(db, id);
    await until(() => taken === 1, "it is taken");
    const { attemptedAt } = await deliveryOf(id);
    start({ lease: 30_000 });
    await settled(id, "delivered");
    const again = await deliveryOf(id);
    expect(again.attemptedAt!.getTime() - attemptedAt!.getTime()).toBeGreaterThanOrEqual(1_000);
    expect([again.attempts, hook.received.length]).toEqual([2, 1]);
  });

  test("stop when what is under way has ended", async () => {
    const { hook, id } = await channelWithHook();
    const answer = Promise.withResolvers<Response>();
    hook.answers(() => answer.promise);
    start();
    await queries.sendTestMessage(platform.database.db, id);
    await until(() => hook.asked() === 1, "it is under way");
    const stopped = workers[0]!.stop();
    answer.resolve(new Response("", { status: 200 }));
    await stopped;
    expect((await deliveryOf(id)).state).toBe("delivered");
    await queries.sendTestMessage(platform.database.db, id);
    start();
    await settled(id, "delivered");
    expect(hook.asked()).toBe(2);
  });
});

test("no secret and no address is in what is logged", async () => {
  const { channel, hook, secret } = await channelWithHook();
  hook.answers(() => new Response("", { status: 410 }));
  start();
  await channel.goLive();
  await until(() => logged.length > 0, "something is logged");
  const words = logged.join("\n");
  for (const hidden of [secret, secret.slice(6), hook.url, new URL(hook.url).pathname])
    expect(words).not.toContain(hidden);
});
