/** Messages to webhooks on a real database: written with what they tell of, for those who asked, and delivered by one at a time. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { makeKeyVault } from "../key-vault.ts";
import type { WebhookRow } from "../model.ts";
import { webhookDeliveries } from "../schema/webhooks.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { createUser } from "./accounts.ts";
import { deleteChannel } from "./channel-changes.ts";
import { createChannel } from "./channel-writes.ts";
import { setStreamCover } from "./pictures.ts";
import { deleteAccount } from "./profiles.ts";
import { endStream, goLive } from "./publishing.ts";
import { beginRecording, finishRecording, forgetRecording } from "./recordings.ts";
import { deleteStream, updateStream } from "./stream-changes.ts";
import { claimDeliveries, type DeliveryOutcome, forgetDeliveries, settleDelivery } from "./webhook-deliveries.ts";
import { createWebhook, deleteWebhook, redeliver, updateWebhook, WEBHOOK_EVENTS } from "./webhooks.ts";

setDefaultTimeout(120_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const KEY = "s3cret-key-of-one";
const LEASE = 60_000;
const LONG = 5 * 24 * 3_600_000;
let handle: ScratchDatabase;
let ownerId = 0;
let channelId = 0;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(async () => {
  await emptyTables(handle);
  const names = { username: "owner", email: "owner@example.org", hashedPassword: "x" };
  ownerId = (await createUser(handle.db, { ...names, role: "user" })).id;
  const channel = { slug: "one", title: "One", streamKey: KEY, username: "owner" };
  channelId = (await createChannel(handle.db, vault, channel)).id;
});

const hook = async (events: WebhookRow["events"] = [...WEBHOOK_EVENTS], userId = ownerId): Promise<number> => {
  const row = await createWebhook(handle.db, { userId, url: "https://hooks.example/", secretSealed: "sealed", events });
  return row!.id;
};
const publish = async (db = handle.db): Promise<number> => {
  const result = await goLive(db, vault, { streamKey: KEY, nodeId: "n", staleAfterMs: 3_600_000 });
  if (result.kind !== "live") throw new Error(result.kind);
  return result.streamId;
};
interface Body {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Record<"stream" | "channel" | "recording", Record<string, unknown> | null>;
}
const bodies = async (): Promise<Body[]> => {
  const rows = await handle.sql<{ body: string }[]>`select body from webhook_deliveries order by id`;
  return rows.map(({ body }) => JSON.parse(body) as Body);
};
const types = async () => (await bodies()).map(({ type }) => type);

describe("a message", () => {
  test("is written for each event in the life of a stream and its recording", async () => {
    await hook();
    const streamId = await publish();
    await beginRecording(handle.db, streamId, "n");
    await updateStream(handle.db, streamId, { title: 'Night "Train" é\u{1f682}' });
    await setStreamCover(handle.db, streamId, "/uploads/x.webp");
    await endStream(handle.db, streamId, Date.now() + 5_000);
    await finishRecording(handle.db, streamId, { duration: 5, size: 3_000_000_000, ingestNode: "n" });
    // Said again by a node that starts anew.
    await finishRecording(handle.db, streamId, { duration: 5, size: 3_000_000_000, ingestNode: "n" });
    await forgetRecording(handle.db, streamId);
    await forgetRecording(handle.db, streamId);
    const all = await bodies();
    expect(all.map(({ type }) => type)).toEqual([
      "stream.started",
      "stream.updated",
      "stream.updated",
      "stream.ended",
      "recording.ready",
      "recording.deleted",
    ]);
    const [started, updated, covered, ended, ready, deleted] = all;
    expect(started!.data.channel).toEqual({ id: channelId, slug: "one", title: "One", visibility: "public" });
    expect(started!.data.stream).toMatchObject({ id: streamId, title: "One", isLive: true, endedAt: null });
    for (const time of [started!.timestamp, started!.data.stream!.startedAt as string])
      expect(new Date(time).toISOString()).toBe(time);
    expect(started!.data.recording).toBeNull();
    expect(updated!.data.stream).toMatchObject({ title: 'Night "Train" é\u{1f682}', coverImageUrl: null });
    expect(covered!.data.stream).toMatchObject({ coverImageUrl: "/uploads/x.webp" });
    expect(ended!.data.stream).toMatchObject({ isLive: false });
    expect(ended!.data.stream!.duration as number).toBeGreaterThanOrEqual(4);
    for (const { data } of [ready!, deleted!])
      expect(data.recording).toEqual({ state: "ready", duration: 5, size: 3_000_000_000 });
  });

  test("goes to active webhooks of the channel's owner that ask for it, each with an id of its own", async () => {
    const stranger = { username: "other", email: "other@example.org", hashedPassword: "x", role: "user" } as const;
    const { id: other } = await createUser(handle.db, stranger);
    const [both, started, ended] = [await hook(), await hook(["stream.started"]), await hook(["stream.ended"])];
    await updateWebhook(handle.db, ownerId, await hook(), { isActive: false });
    await hook([...WEBHOOK_EVENTS], other);
    await publish();
    const rows = await handle.sql<{ webhook_id: number; message_id: string }[]>`
      select webhook_id, message_id from webhook_deliveries order by id`;
    expect(rows.map(({ webhook_id }) => webhook_id)).toEqual([both, started]);
    expect(rows.map(({ webhook_id }) => webhook_id)).not.toContain(ended);
    expect(new Set(rows.map(({ message_id }) => message_id)).size).toBe(2);
    for (const { message_id } of rows) expect(message_id).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  test("is not there when what it tells of did not happen", async () => {
    await hook();
    const undone = handle.db.transaction(async (tx) => {
      await publish(tx);
      expect(await tx.$count(webhookDeliveries)).toBe(1);
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    expect(await types()).toEqual([]);
    const streamId = await publish();
    const refused = await updateStream(handle.db, streamId, { scheduledFor: new Date() });
    expect(refused).toMatchObject({ kind: "refused" });
    expect(await endStream(handle.db, streamId + 1, Date.now())).toBeNull();
    expect(await types()).toEqual(["stream.started"]);
  });

  test("says of a recording that goes with its stream, or with its channel, that it is deleted", async () => {
    await hook(["stream.ended", "recording.deleted"]);
    for (const remove of [deleteStream, () => deleteChannel(handle.db, channelId)]) {
      const streamId = await publish();
      await beginRecording(handle.db, streamId, "n");
      await remove(handle.db, streamId);
      await handle.sql`update channels set publish_blocked_until = null`;
    }
    expect(await types()).toEqual(["stream.ended", "recording.deleted", "stream.ended", "recording.deleted"]);
  });

  test("that cannot be written any more, because its webhook is being deleted, keeps nobody off air", async () => {
    const id = await hook();
    let goOn: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let isDeleted: () => void = () => {};
    const deleted = new Promise<void>((resolve) => {
      isDeleted = resolve;
    });
    const deleting = handle.db.transaction(async (tx) => {
      await deleteWebhook(tx, ownerId, id);
      isDeleted();
      await held;
    });
    await deleted;
    const live = publish();
    for (let waiting = 0; waiting === 0; ) {
      const [row] = await handle.sql`select count(*)::int as n from pg_locks where not granted`;
      waiting = row!.n as number;
    }
    goOn();
    await deleting;
    expect(await live).toBeGreaterThan(0);
    expect(await types()).toEqual([]);
  });

  test("goes with its account", async () => {
    await hook();
    await publish();
    await deleteAccount(handle.db, ownerId);
    const [row] = await handle.sql`
      select (select count(*) from webhooks)::int as hooks, (select count(*) from webhook_deliveries)::int as messages`;
    expect(row).toEqual({ hooks: 0, messages: 0 });
  });
});

const claim = (more: { lease?: number; limit?: number; limitEach?: number; busy?: number[] } = {}) =>
  claimDeliveries(handle.db, { lease: LEASE, limit: 100, limitEach: 100, busy: [], ...more });
const DELIVERED: DeliveryOutcome = { kind: "delivered", status: 200, fault: null, retryIn: null, isGone: false };
const FAILED: DeliveryOutcome = { kind: "failed", status: 500, fault: null, retryIn: 60_000, isGone: false };
const row = async (id: number) =>
  (
    await handle.sql<{ state: string; attempts: number; last_status: number | null; leased: boolean }[]>`
      select state, attempts, last_status, leased_until is not null as leased from webhook_deliveries where id = ${id}`
  )[0];

describe("a delivery", () => {
  test("is taken by one of several who ask at once", async () => {
    await hook();
    const streamId = await publish();
    for (let n = 0; n < 19; n++) await updateStream(handle.db, streamId, { title: `Title ${n}` });
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim({ limit: 5 })));
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  test("is due again when the lease of one who died is over, who then may say nothing more", async () => {
    await hook();
    await publish();
    const [dead] = await claim({ lease: 1 });
    await handle.sql`select pg_sleep(0.01)`;
    const [taken] = await claim();
    expect([taken!.id, taken!.attempts]).toEqual([dead!.id, 2]);
    expect(await claim()).toEqual([]);
    expect((await settleDelivery(handle.db, dead!, DELIVERED, LONG)).isOurs).toBe(false);
    expect(await row(taken!.id)).toMatchObject({ state: "pending", leased: true });
    expect((await settleDelivery(handle.db, taken!, DELIVERED, LONG)).isOurs).toBe(true);
    expect(await row(taken!.id)).toEqual({ state: "delivered", attempts: 2, last_status: 200, leased: false });
  });

  test("waits until its next attempt, and while its webhook or its owner rests", async () => {
    const id = await hook();
    await publish();
    const [first] = await claim();
    await settleDelivery(handle.db, first!, FAILED, LONG);
    expect(await claim()).toEqual([]);
    await handle.sql`update webhook_deliveries set next_at = now()`;
    await updateWebhook(handle.db, ownerId, id, { isActive: false });
    expect(await claim()).toEqual([]);
    await updateWebhook(handle.db, ownerId, id, { isActive: true });
    await handle.sql`update users set is_active = false where id = ${ownerId}`;
    expect(await claim()).toEqual([]);
    await handle.sql`update users set is_active = true where id = ${ownerId}`;
    expect(await claim({ busy: [id] })).toEqual([]);
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([2]);
  });

  test("of a webhook with many leaves room for those of others", async () => {
    await hook();
    const streamId = await publish();
    for (let n = 0; n < 9; n++) await updateStream(handle.db, streamId, { title: `Title ${n}` });
    const late = await hook(["stream.ended"]);
    await endStream(handle.db, streamId, Date.now());
    const due = await claim({ limit: 4, limitEach: 2 });
    expect(due).toHaveLength(3);
    expect(due.map(({ webhookId }) => webhookId)).toContain(late);
  });

  test("that fails for the last time, for days or for ever, changes its webhook", async () => {
    const id = await hook();
    const streamId = await publish();
    const hookRow = async () =>
      (await handle.sql`select is_active, disabled_for, failing_since from webhooks where id = ${id}`)[0]!;
    const settle = async (outcome: DeliveryOutcome) => {
      await updateStream(handle.db, streamId, { title: "Next" });
      await handle.sql`update webhook_deliveries set next_at = now() where state = 'pending'`;
      const [due] = await claim({ limit: 1 });
      return { id: due!.id, ...(await settleDelivery(handle.db, due!, outcome, LONG)) };
    };
    const last = await settle({ ...FAILED, retryIn: null });
    expect((await row(last.id))!.state).toBe("failed");
    expect(await hookRow()).toMatchObject({ is_active: true, disabled_for: null });
    expect((await hookRow()).failing_since).not.toBeNull();
    await settle(DELIVERED);
    expect((await hookRow()).failing_since).toBeNull();
    await settle(FAILED);
    await handle.sql`update webhooks set failing_since = now() - interval '5 days' - interval '1 second'`;
    expect((await settle(FAILED)).disabledFor).toBe("failing");
    expect(await hookRow()).toMatchObject({ is_active: false, disabled_for: "failing" });
    const again = await updateWebhook(handle.db, ownerId, id, { isActive: true });
    expect(again).toMatchObject({ isActive: true, disabledFor: null, failingSince: null });
    expect((await settle({ ...FAILED, status: 410, retryIn: null, isGone: true })).disabledFor).toBe("gone");
    expect(await hookRow()).toMatchObject({ is_active: false, disabled_for: "gone" });
  });

  test("is sent once more under the same id, but not while it is under way", async () => {
    const id = await hook();
    await publish();
    const [first] = await claim();
    expect(await redeliver(handle.db, id, first!.id)).toMatchObject({ state: "pending", attempts: 1 });
    expect(await claim()).toEqual([]);
    await settleDelivery(handle.db, first!, DELIVERED, LONG);
    expect(await redeliver(handle.db, id, first!.id)).toMatchObject({ state: "pending", attempts: 0 });
    const [again] = await claim();
    expect([again!.messageId, again!.body]).toEqual([first!.messageId, first!.body]);
    expect(await redeliver(handle.db, id + 1, first!.id)).toBeNull();
  });

  test("is forgotten after its days", async () => {
    await hook();
    const streamId = await publish();
    await handle.sql`update webhook_deliveries set created_at = now() - interval '31 days'`;
    await endStream(handle.db, streamId, Date.now());
    expect([await forgetDeliveries(handle.db, 30, 10), await forgetDeliveries(handle.db, 30, 10)]).toEqual([1, 0]);
    expect(await types()).toEqual(["stream.ended"]);
  });
});
