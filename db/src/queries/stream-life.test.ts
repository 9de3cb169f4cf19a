/** The life of streams on a real database: against its table as a model, and when everyone acts at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { makeKeyVault } from "../key-vault.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { STREAM_STATES, type StreamEvent, type StreamState, stateOf, transition } from "../stream-life.ts";
import { deleteChannel, regenerateStreamKey, updateChannel } from "./channel-changes.ts";
import { createChannel } from "./channel-writes.ts";
import { endStream, type GoLiveResult, goLive } from "./publishing.ts";
import { changeStream, deleteStream, planStream, STOPPED_SECONDS, updateStream } from "./stream-changes.ts";
import { getStream, listStreams } from "./streams.ts";

setDefaultTimeout(120_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const KEY = "s3cret-key-of-one";
let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(async () => {
  await emptyTables(handle);
  await createChannel(handle.db, vault, { slug: "one", title: "One", streamKey: KEY });
});

const publish = (streamKey = KEY): Promise<GoLiveResult> =>
  goLive(handle.db, vault, { streamKey, nodeId: "n", staleAfterMs: 3_600_000 });
const unblock = () => handle.sql`update channels set publish_blocked_until = null`;
const plan = async (title = "planned") => (await planStream(handle.db, 1, { title }, 1_000))!;
const states = async () => {
  const rows = await handle.sql<{ id: number; is_live: boolean; armed_at: Date | null; started_at: Date | null }[]>`
    select id, is_live, armed_at, started_at from streams order by id`;
  return new Map(
    rows.map((row) => [row.id, stateOf({ isLive: row.is_live, armedAt: row.armed_at, startedAt: row.started_at })]),
  );
};

/** What holds at every moment, whatever happened. */
async function expectConsistent(): Promise<void> {
  const [row] = await handle.sql`
    select count(*) filter (where is_live > 1)::int as doubles, count(*) filter (where flag <> (is_live = 1))::int as flags from (
      select c.is_live as flag, (select count(*) from streams s where s.channel_id = c.id and s.is_live) as is_live
      from channels c) as counted`;
  const [odd] = await handle.sql`
    select count(*)::int as n from streams where (is_live and (started_at is null or ended_at is not null))
      or (not is_live and started_at is not null and (ended_at is null or duration is null))`;
  expect([row, odd]).toEqual([{ doubles: 0, flags: 0 }, { n: 0 }]);
}

describe("the table", () => {
  test("what is over stays over, and only an armed stream can be published to", () => {
    const events: StreamEvent[] = ["start", "publish", "stop", "end"];
    for (const event of events) expect(["ended", null]).toContain(transition("ended", event));
    expect(STREAM_STATES.filter((state) => transition(state, "publish") !== null)).toEqual(["armed"]);
  });

  test("the owner's events are the same twice as once", () => {
    for (const state of STREAM_STATES)
      for (const event of ["start", "stop"] as const) {
        const next = transition(state, event);
        if (next !== null && transition(next, event) !== null) expect(transition(next, event)).toBe(next);
      }
  });
});

type Action = { readonly kind: "plan" | "publish" | "end" | "start" | "stop" | "delete"; readonly pick: number };

test("model: any sequence of actions leaves every stream in the state that the table says", async () => {
  const action = fc.record({
    kind: fc.constantFrom("plan", "publish", "end", "start", "stop", "delete"),
    pick: fc.nat(),
  }) as fc.Arbitrary<Action>;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
      await handle.sql`truncate streams restart identity cascade`;
      await handle.sql`update channels set is_live = false, publish_blocked_until = null`;
      const model = new Map<number, StreamState>();
      let blocked = false;
      const isLive = () => [...model].find(([, state]) => state === "live")?.[0];
      for (const { kind, pick } of actions) {
        const ids = [...model.keys()];
        const id = ids.length === 0 ? 1 : ids[pick % ids.length]!;
        const state = model.get(id);
        if (kind === "plan") model.set(await plan(), "planned");
        else if (kind === "publish") {
          const result = await publish();
          if (blocked) expect(result).toMatchObject({ kind: "blocked" });
          else if (isLive() !== undefined) expect(result).toMatchObject({ kind: "already-live", streamId: isLive() });
          else if (result.kind === "live") {
            const armed = ids.find((other) => model.get(other) === "armed");
            if (armed !== undefined) expect(result.streamId).toBe(armed);
            else expect(model.has(result.streamId)).toBe(false);
            model.set(result.streamId, "live");
          } else throw new Error(result.kind);
        } else if (kind === "end") {
          expect((await endStream(handle.db, id, Date.now())) !== null).toBe(state === "live");
          if (state !== undefined) model.set(id, transition(state, "end") ?? state);
        } else if (kind === "delete") {
          const deleted = await deleteStream(handle.db, id);
          expect([deleted !== null, deleted?.ended != null]).toEqual([state !== undefined, state === "live"]);
          if (state === "live") blocked = true;
          model.delete(id);
        } else {
          const outcome = await changeStream(handle.db, id, kind);
          const next = state === undefined ? undefined : transition(state, kind);
          if (next === undefined) expect(outcome).toBeNull();
          else if (next === null) expect(outcome).toMatchObject({ kind: "refused", state });
          else {
            expect(outcome).toMatchObject({ kind: "done", state: next });
            if (kind === "start") {
              blocked = false;
              if (next === "armed") for (const [other, its] of model) if (its === "armed") model.set(other, "planned");
            } else if (state === "live") blocked = true;
            model.set(id, next);
          }
        }
        expect(await states()).toEqual(new Map([...model].sort(([a], [b]) => a - b)));
        await expectConsistent();
      }
    }),
    { numRuns: 40 },
  );
});

describe("everyone at once", () => {
  test("law: at most one is live, every end is told exactly once, flags and streams agree", async () => {
    const kinds = ["publish", "publish", "start", "stop", "end", "delete", "key", "plan"] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(3)), { maxLength: 24 }), async (actions) => {
        await handle.sql`truncate streams restart identity cascade`;
        await handle.sql`update channels set is_live = false, publish_blocked_until = null`;
        await handle.sql`update channels set stream_key = ${vault.hash(KEY)}`;
        for (let n = 0; n < 3; n++) await plan();
        await changeStream(handle.db, 1, "start");
        const went: number[] = [];
        const ended: number[] = [];
        const act = async (kind: (typeof kinds)[number], id: number): Promise<void> => {
          if (kind === "publish") {
            const result = await publish();
            if (result.kind === "live") went.push(result.streamId);
          } else if (kind === "plan") await plan();
          else {
            const { db } = handle;
            const result =
              kind === "end"
                ? { ended: await endStream(db, id, Date.now()) }
                : kind === "key"
                  ? await regenerateStreamKey(db, vault, 1)
                  : kind === "delete"
                    ? await deleteStream(db, id)
                    : await changeStream(db, id, kind);
            if (result !== null && "ended" in result && result.ended !== null) ended.push(result.ended.streamId);
          }
        };
        await Promise.all(actions.map(([kind, pick]) => act(kind, pick + 1)));
        await expectConsistent();
        const live = [...(await states())].filter(([, state]) => state === "live").map(([id]) => id);
        expect(live.length).toBeLessThanOrEqual(1);
        // Each that went live is still so, or its end was told, once.
        const sorted = (ids: number[]) => [...ids].sort((a, b) => a - b);
        expect(sorted([...ended, ...live])).toEqual(sorted(went));
      }),
      { numRuns: 40 },
    );
  });

  test("of many encoders with an armed stream, one takes it", async () => {
    const id = await plan();
    await changeStream(handle.db, id, "start");
    const results = await Promise.all(Array.from({ length: 16 }, () => publish()));
    expect(results.filter(({ kind }) => kind === "live")).toMatchObject([{ streamId: id }]);
    expect(results.filter(({ kind }) => kind === "already-live").length).toBe(15);
  });

  test("a channel that is deleted while encoders come in leaves nothing live", async () => {
    const results = await Promise.all([...Array.from({ length: 8 }, () => publish()), deleteChannel(handle.db, 1)]);
    const live = results.filter((result) => result !== null && "kind" in result && result.kind === "live");
    const deleted = results.at(-1) as Awaited<ReturnType<typeof deleteChannel>>;
    expect(live.length).toBe(deleted?.ended === null ? 0 : 1);
    expect([...(await handle.sql`select id from streams`)]).toEqual([]);
    expect(await publish()).toEqual({ kind: "unknown-key" });
  });
});

describe("stopping", () => {
  test("keeps the encoder away for a minute; starting a planned stream lets it in at once", async () => {
    const first = await publish();
    expect(first.kind).toBe("live");
    const outcome = await changeStream(handle.db, 1, "stop");
    expect(outcome).toMatchObject({ kind: "done", state: "ended", ended: { streamId: 1, slug: "one" } });
    const again = await publish();
    expect(again.kind).toBe("blocked");
    const { seconds } = again as { seconds: number };
    expect(seconds > STOPPED_SECONDS - 30 && seconds <= STOPPED_SECONDS).toBe(true);
    const next = await plan();
    await changeStream(handle.db, next, "start");
    expect(await publish()).toMatchObject({ kind: "live", streamId: next });
    // What was stopped before is over for good.
    expect(await changeStream(handle.db, 1, "start")).toMatchObject({ kind: "refused", state: "ended" });
  });

  test("the block runs out by itself", async () => {
    await publish();
    await changeStream(handle.db, 1, "stop");
    await unblock();
    expect((await publish()).kind).toBe("live");
  });
});

test("the last one that was started is the one that goes live", async () => {
  const [a, b] = [await plan("a"), await plan("b")];
  await changeStream(handle.db, a, "start");
  await changeStream(handle.db, b, "start");
  expect(await states()).toEqual(
    new Map<number, StreamState>([
      [a, "planned"],
      [b, "armed"],
    ]),
  );
  expect(await publish()).toMatchObject({ streamId: b });
});

test("a new key opens, the old one does not, and the broadcast of the old one is over", async () => {
  await publish();
  const made = await regenerateStreamKey(handle.db, vault, 1);
  expect(made?.ended).toMatchObject({ streamId: 1 });
  expect(made?.streamKey).toMatch(/^[\w-]{32}$/);
  expect(await publish()).toEqual({ kind: "unknown-key" });
  expect((await publish(made!.streamKey)).kind).toBe("live");
  expect(await regenerateStreamKey(handle.db, vault, 99)).toBeNull();
});

test("name and privacy of a channel stay while it is live; the rest may change", async () => {
  const { db } = handle;
  await publish();
  expect(await updateChannel(db, 1, { slug: "two" })).toBe("is-live");
  expect(await updateChannel(db, 1, { visibility: "private" })).toBe("is-live");
  expect(await updateChannel(db, 1, { slug: "one", visibility: "unlisted", title: "New" })).toBe("done");
  await endStream(db, 1, Date.now());
  expect(await updateChannel(db, 1, { slug: "two", visibility: "private" })).toBe("done");
  expect(await updateChannel(db, 99, { title: "x" })).toBeNull();
  await expect(updateChannel(db, 1, { slug: "No" })).rejects.toMatchObject({ code: "database.constraint" });
});

test("planning belongs before the start, archiving after the end", async () => {
  const { db } = handle;
  const id = await plan();
  const scheduledFor = new Date("2027-01-01T20:00:00Z");
  expect(await updateStream(db, id, { isArchived: true })).toMatchObject({ kind: "refused", field: "isArchived" });
  expect(await updateStream(db, id, { scheduledFor, title: "New" })).toMatchObject({ kind: "done" });
  await changeStream(db, id, "start");
  await publish();
  expect(await updateStream(db, id, { scheduledFor: null })).toMatchObject({ kind: "refused", field: "scheduledFor" });
  expect(await updateStream(db, id, { isArchived: true })).toMatchObject({ kind: "refused", state: "live" });
  await endStream(db, id, Date.now());
  expect(await updateStream(db, id, { isArchived: true })).toMatchObject({ kind: "done" });
  expect(await getStream(db, id)).toMatchObject({ title: "New", scheduledFor, isArchived: true });
  expect(await updateStream(db, id, {})).toMatchObject({ kind: "done" });
  expect((await listStreams(db, { limit: 5, status: "archived" })).items.map((row) => row.id)).toEqual([id]);
});

test("a channel has room for so many planned streams, also when all are made at once", async () => {
  const made = await Promise.allSettled(Array.from({ length: 8 }, () => planStream(handle.db, 1, { title: "p" }, 5)));
  expect(made.filter(({ status }) => status === "fulfilled").length).toBe(5);
  await expect(planStream(handle.db, 1, { title: "p" }, 5)).rejects.toMatchObject({
    code: "database.too-many-streams",
  });
  expect(await planStream(handle.db, 99, { title: "p" }, 5)).toBeNull();
});
