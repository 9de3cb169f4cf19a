/** Viewing sessions on a real database: what opens one, what a heartbeat is worth, and that nothing counts twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { makeKeyVault } from "../key-vault.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { deleteChannel } from "./channel-changes.ts";
import { createChannel } from "./channel-writes.ts";
import { endStream, goLive } from "./publishing.ts";
import { deleteStream, planStream } from "./stream-changes.ts";
import {
  type Beat,
  endSilentViews,
  findWatchable,
  listLiveStreams,
  loadViews,
  openViews,
  type ViewToOpen,
  writeBeats,
  writeViewerCounts,
} from "./views.ts";

setDefaultTimeout(120_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const MINUTE = 60_000;
const RULES = { resumeWithin: 30 * MINUTE, longest: 24 * 60 * MINUTE };
const CAP = 30_000;
const NOON = Date.parse("2026-11-25T12:00:00Z");
let handle: ScratchDatabase;
let streamId: number;

async function makeLive(slug: string): Promise<number> {
  const streamKey = `s3cret-key-of-${slug}`;
  await createChannel(handle.db, vault, { slug, title: slug, streamKey });
  const result = await goLive(handle.db, vault, { streamKey, nodeId: "n", staleAfterMs: 3_600_000 });
  if (result.kind !== "live") throw new Error(result.kind);
  return result.streamId;
}

beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(async () => {
  await emptyTables(handle);
  streamId = await makeLive("one");
});

let made = 0;
const asking = (more: Partial<ViewToOpen> = {}): ViewToOpen => ({
  userId: null,
  sessionId: `session-${++made}`,
  visitor: "v",
  known: [],
  first: null,
  device: "desktop",
  referrer: "",
  at: NOON,
  ...more,
});
const browser = (name: string, more: Partial<ViewToOpen> = {}) => asking({ visitor: name, known: [name], ...more });
const open = (requests: ViewToOpen[], id = streamId) => openViews(handle.db, id, requests, RULES);
const openOne = async (request = asking()) => (await open([request]))[0]!;
const beat = (id: number, at: number, more: Partial<Beat> = {}): Beat => ({
  id,
  streamId,
  first: at,
  at,
  between: 0,
  idle: false,
  position: null,
  visitor: null,
  over: false,
  ...more,
});
const write = (...beats: Beat[]) => writeBeats(handle.db, beats, CAP);
const rows = () =>
  handle.sql<{ id: number; watch_duration: number; minutes: string; visitor: string; ended_at: string | null }[]>`
    select id, watch_duration, minutes::text, visitor, ended_at from stream_views order by id`;
const viewCount = async () => (await handle.sql`select view_count from streams where id = ${streamId}`)[0]!.view_count;
const minutes = async () =>
  (await handle.sql`select minute, watched from stream_minutes where watched > 0 order by 1`).map(
    ({ minute, watched }) => [minute, watched],
  );

describe("opening", () => {
  test("who is not known gets a session each time; who is goes on with the same one, in another tab or after a while", async () => {
    const [a, b] = await open([asking(), asking()]);
    expect(a!.id).not.toBe(b!.id);
    const ada = await openOne(browser("ada"));
    const tabs = await open([browser("ada", { at: NOON + 1 }), browser("bob"), browser("ada", { at: NOON + 2 })]);
    expect(tabs.map((tab) => tab!.id === ada.id)).toEqual([true, false, true]);
    expect((await openOne(browser("ada", { at: NOON + 29 * MINUTE }))).id).toBe(ada.id);
    expect((await openOne(browser("ada", { at: NOON + 31 * MINUTE }))).id).not.toBe(ada.id);
    expect(await viewCount()).toBe(5);
  });

  test("two tabs that open at the same moment, in one batch or in two processes, are one session", async () => {
    const [a, b] = await open([browser("ada"), browser("ada")]);
    expect(a!.id).toBe(b!.id);
    const all = await Promise.all(Array.from({ length: 8 }, () => openOne(browser("bob"))));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await viewCount()).toBe(2);
  });

  test("a session that has ended opens again; the pause is not watch time", async () => {
    const { id, sessionId } = await openOne(browser("ada"));
    await write(beat(id, NOON + 10_000, { over: true }));
    const again = await openOne(browser("ada", { at: NOON + 5 * MINUTE }));
    expect(again).toMatchObject({ id, sessionId, endedAt: null });
    await write(beat(id, NOON + 5 * MINUTE + 10_000));
    expect((await rows())[0]).toMatchObject({ watch_duration: 20, ended_at: null });
  });

  test("a user is the same in every browser; what another one watched is not hers", async () => {
    const users = await handle.sql<{ id: number }[]>`
      insert into users (username, username_skeleton, email, hashed_password)
      values ('ada', 'ada', 'ada@example.org', '!'), ('eve', 'eve', 'eve@example.org', '!') returning id`;
    const [ada, eve] = users.map(({ id }) => id) as [number, number];
    const anonymous = await openOne(browser("laptop"));
    expect((await openOne(browser("laptop", { userId: ada }))).id).toBe(anonymous.id);
    expect((await openOne(browser("phone", { userId: ada }))).id).toBe(anonymous.id);
    expect((await openOne(browser("laptop", { userId: eve }))).id).not.toBe(anonymous.id);
    expect((await openOne(browser("laptop"))).id).not.toBe(anonymous.id);
    await handle.sql`delete from users where id = ${ada}`;
    expect(await rows()).toHaveLength(3);
  });

  test("a planned stream, and none, have no views; one that is over has", async () => {
    const planned = (await planStream(handle.db, 1, { title: "planned" }, 10))!;
    expect(await open([asking(), asking()], planned)).toEqual([null, null]);
    expect(await open([asking()], 999)).toEqual([null]);
    await endStream(handle.db, streamId, Date.now());
    expect(await openOne()).toMatchObject({ streamId, streamEndedAt: expect.any(Number) });
  });

  test("who has just been given a name is found by the first session, which gets the name that it had that day", async () => {
    const { id, sessionId } = await openOne();
    const known = ["today", "yesterday"];
    const again = { visitor: "today", known, first: sessionId };
    expect((await openOne(asking({ ...again, at: NOON + 1_000 }))).id).toBe(id);
    expect((await rows())[0]!.visitor).toBe("today");
    const late = await openOne(asking({ at: NOON + 12 * 60 * MINUTE - 1_000 }));
    await openOne(asking({ ...again, first: late.sessionId, at: NOON + 12 * 60 * MINUTE + 1_000 }));
    expect((await rows()).map(({ visitor }) => visitor)).toEqual(["today", "yesterday"]);
    const other = await makeLive("two");
    expect((await open([asking({ ...again, known: ["x", "y"], first: late.sessionId })], other))[0]!.id).not.toBe(
      late.id,
    );
  });

  test("are loaded by name", async () => {
    const session = await openOne();
    expect(await loadViews(handle.db, ["nobody's", session.sessionId, "'; drop table"])).toEqual([session]);
    expect(await loadViews(handle.db, [])).toEqual([]);
  });
});

describe("heartbeats", () => {
  test("are worth the time since the last one; a silence is worth no more than the cap", async () => {
    const { id } = await openOne();
    await write(beat(id, NOON + 10_400));
    expect((await rows())[0]!.watch_duration).toBe(10);
    await write(beat(id, NOON + 20_700));
    expect((await rows())[0]!.watch_duration).toBe(20);
    await write(beat(id, NOON + 21_000));
    expect((await rows())[0]!.watch_duration).toBe(21);
    await write(beat(id, NOON + 60 * MINUTE));
    expect((await rows())[0]!.watch_duration).toBe(51);
  });

  test("of a paused player are worth nothing, and begin the time anew", async () => {
    const { id } = await openOne();
    await write(beat(id, NOON + 10_000));
    await write(beat(id, NOON + 20_000, { idle: true }));
    await write(beat(id, NOON + 25_000));
    expect((await rows())[0]!.watch_duration).toBe(15);
  });

  test("of an ended, a deleted and an unknown session say so", async () => {
    const { id } = await openOne();
    const other = await openOne();
    await write(beat(id, NOON + 10_000, { over: true }));
    expect(await write(beat(id, NOON + 20_000), beat(other.id, NOON + 5_000), beat(999, NOON))).toEqual({
      written: [other.id],
      busy: [],
      over: [id, 999],
    });
    await deleteStream(handle.db, streamId);
    expect(await write(beat(other.id, NOON + 20_000))).toEqual({ written: [], busy: [], over: [other.id] });
  });

  test("name the minutes of the stream that were watched, each once for a session", async () => {
    const [a, b] = await open([asking(), asking()]);
    await write(beat(a!.id, NOON + 10_000, { position: 10 }));
    await write(beat(a!.id, NOON + 20_000, { position: 20 }), beat(b!.id, NOON + 10_000, { position: 65 }));
    expect(await minutes()).toEqual([
      [0, 2],
      [1, 1],
    ]);
    // A jump, and back again: what lies between was not watched.
    await write(beat(a!.id, NOON + 30_000, { position: 3_610 }));
    await write(beat(a!.id, NOON + 40_000, { position: 20 }));
    expect(await minutes()).toEqual([
      [0, 2],
      [1, 1],
      [60, 1],
    ]);
    expect((await rows())[0]!.minutes).toBe("{[0,1),[60,61)}");
    // A flood of positions without time to watch them is worth no minute.
    for (let n = 0; n < 5; n++) await write(beat(a!.id, NOON + 40_000 + n, { position: 600 * n }));
    expect(await minutes()).toHaveLength(3);
  });

  test("beyond the end of a stream are in no minute of it", async () => {
    const { id } = await openOne();
    await handle.sql`update streams set is_live = false, ended_at = started_at + interval '90 s' where id = ${streamId}`;
    await write(beat(id, NOON + 10_000, { position: 3_600 }));
    expect(await minutes()).toEqual([[1, 1]]);
  });

  test("give the viewer a better name", async () => {
    const { id } = await openOne();
    await write(beat(id, NOON + 1_000, { visitor: "by cookie" }));
    await write(beat(id, NOON + 2_000));
    expect((await rows())[0]!.visitor).toBe("by cookie");
  });

  test("of a session that someone holds are not waited for", async () => {
    const [a, b] = await open([asking(), asking()]);
    await handle.sql.begin(async (tx) => {
      await tx`select 1 from stream_views where id = ${a!.id} for update`;
      expect(await write(beat(a!.id, NOON + 9_000), beat(b!.id, NOON + 9_000))).toEqual({
        written: [b!.id],
        busy: [a!.id],
        over: [],
      });
    });
    await handle.sql.begin(async (tx) => {
      await tx`select 1 from streams where id = ${streamId} for update`;
      expect((await write(beat(a!.id, NOON + 9_000))).busy).toEqual([a!.id]);
    });
    expect((await write(beat(a!.id, NOON + 9_000))).written).toEqual([a!.id]);
  });

  test("beside deletions of streams and channels nothing fails or hangs", async () => {
    const others = [await makeLive("two"), await makeLive("three"), await makeLive("four")];
    const sessions = (
      await Promise.all(
        others.map((id) =>
          open(
            Array.from({ length: 50 }, () => asking()),
            id,
          ),
        ),
      )
    ).flat();
    const flood = async () => {
      for (let n = 1; n <= 15; n++)
        await write(
          ...sessions.map((session) =>
            beat(session!.id, NOON + n * 5_000, { position: n * 5, streamId: session!.streamId }),
          ),
        );
    };
    await Promise.all([
      flood(),
      flood(),
      (async () => {
        await deleteStream(handle.db, others[0]!);
        await deleteChannel(handle.db, 3);
      })(),
    ]);
    expect((await rows()).length).toBe(50);
  });

  type Given = { at: number; span: number; between: number; idle: boolean };
  const given: fc.Arbitrary<Given> = fc.record({
    at: fc.integer({ min: -20_000, max: 400_000 }),
    span: fc.integer({ min: 0, max: 60_000 }),
    between: fc.integer({ min: 0, max: 90_000 }),
    idle: fc.boolean(),
  });

  test("law: in any order, repeated, from skewed clocks and with any claim, time is counted once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(given, { maxLength: 12 }), async (list) => {
        await handle.sql`truncate stream_views restart identity cascade`;
        const { id } = await openOne();
        const model = { watched: 0, before: NOON };
        for (const { at, span, between, idle } of list) {
          const last = NOON + at;
          const first = last - span;
          for (let again = 0; again < 2; again++) {
            await write(beat(id, last, { first, between, idle }));
            const gap = idle ? 0 : Math.max(0, Math.min(first - model.before, CAP));
            const earned = Math.max(0, Math.min(last - model.before, between + gap));
            const credit = Math.floor((earned + 0.5) / 1_000);
            model.watched += credit;
            model.before = Math.max(model.before, last - Math.max(0, earned - credit * 1_000));
          }
          const [row] = await rows();
          expect(row!.watch_duration).toBe(model.watched);
          const latest = Math.max(0, ...list.map((each) => each.at));
          expect(row!.watch_duration * 1_000).toBeLessThanOrEqual(latest + 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("law: the same heartbeats count the same, one by one or added up, through one process or two", async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 0, max: 255 }), async (list, mask) => {
        await handle.sql`truncate stream_views restart identity cascade`;
        const [single, sum, split] = await open([asking(), asking(), asking()]);
        const times = list.map((_, n) => NOON + list.slice(0, n + 1).reduce((total, gap) => total + gap, 0));
        const addUp = (id: number, some: number[]) =>
          beat(id, some.at(-1)!, {
            first: some[0]!,
            between: some.slice(1).reduce((total, at, n) => total + Math.min(at - some[n]!, CAP), 0),
          });
        for (const at of times) await write(beat(single!.id, at));
        await write(addUp(sum!.id, times));
        const [left, right] = [true, false].map((side) => times.filter((_, n) => ((mask >> n) & 1) === Number(side)));
        for (const part of [left!, right!]) if (part.length > 0) await write(addUp(split!.id, part));
        const [one, two, three] = await rows();
        // What is left of a second may be lost in a gap of the cap's length, and nowhere else.
        const long = list.filter((gap) => gap > CAP - 1_000).length;
        expect(Math.abs(two!.watch_duration - one!.watch_duration)).toBeLessThanOrEqual(long);
        // A gap that both processes see in part may count for less, or, when it is longer than the cap, twice the cap; never for more time than there was.
        expect(three!.watch_duration * 1_000).toBeLessThanOrEqual(times.at(-1)! - NOON);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the sweep", () => {
  test("ends what fell silent at its last heartbeat, and what goes on for ever", async () => {
    const [silent, alive, old] = await open([asking(), asking(), asking({ at: NOON - 25 * 60 * MINUTE })]);
    await write(beat(silent!.id, NOON + 10_000), beat(alive!.id, NOON + 100_000), beat(old!.id, NOON + 100_000));
    const limits = { silentSince: NOON + 40_000, openedBefore: NOON - 24 * 60 * MINUTE };
    expect(await endSilentViews(handle.db, limits)).toBe(2);
    expect(await endSilentViews(handle.db, limits)).toBe(0);
    expect((await rows()).map(({ ended_at }) => ended_at && new Date(ended_at).getTime())).toEqual([
      NOON + 10_000,
      null,
      NOON + 100_000,
    ]);
  });
});

describe("viewer counts", () => {
  const state = async () => {
    const [row] = await handle.sql`
      select c.viewers_count, s.peak_viewers from streams s join channels c on c.id = s.channel_id where s.id = ${streamId}`;
    const timeline = await handle.sql`select minute, viewers from stream_minutes order by 1`;
    return [row!.viewers_count, row!.peak_viewers, timeline.map(({ minute, viewers }) => [minute, viewers])];
  };

  test("are written down, the most of each minute and of all of it kept", async () => {
    const count = (viewers: number, minute: number) =>
      writeViewerCounts(handle.db, [{ streamId, channelId: 1, viewers, minute }]);
    await count(5, 0);
    await count(3, 0);
    await count(4, 1);
    expect(await state()).toEqual([
      4,
      5,
      [
        [0, 5],
        [1, 4],
      ],
    ]);
    await endStream(handle.db, streamId, Date.now());
    await count(9, 2);
    expect((await state())[0]).toBe(0);
    await deleteStream(handle.db, streamId);
    await count(9, 3);
    await writeViewerCounts(handle.db, []);
  });

  test("are of the streams that are live", async () => {
    const two = await makeLive("two");
    await handle.sql`update channels set visibility = 'private' where slug = 'two'`;
    expect(
      (await listLiveStreams(handle.db)).map(({ id, channelId, visibility }) => [id, channelId, visibility]),
    ).toEqual([
      [streamId, 1, "public"],
      [two, 2, "private"],
    ]);
    await endStream(handle.db, two, Date.now());
    expect(await listLiveStreams(handle.db)).toHaveLength(1);
  });
});

test("what may be watched", async () => {
  const plan = (scheduledFor: Date | null) => planStream(handle.db, 1, { title: "planned", scheduledFor }, 10);
  const ownerId = (await findWatchable(handle.db, streamId))!.ownerId;
  const common = { channelId: 1, ownerId, visibility: "public" as const };
  expect(await findWatchable(handle.db, streamId)).toEqual({ ...common, hasStarted: true, isDraft: false });
  expect(await findWatchable(handle.db, (await plan(null))!)).toEqual({ ...common, hasStarted: false, isDraft: true });
  const soon = new Date(Date.now() + MINUTE);
  expect(await findWatchable(handle.db, (await plan(soon))!)).toEqual({ ...common, hasStarted: false, isDraft: false });
  expect(await findWatchable(handle.db, 999)).toBeNull();
});
