import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, type Log, makeKeyVault, queries, type StreamChange } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { findPostmaster } from "@streamhub/db/embedded/postmaster";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "@streamhub/db/scratch";
import { ms } from "../bytes/units.ts";
import type { Gate } from "../live/ports.ts";
import { type DatabaseGateOptions, makeDatabaseGate } from "./database-gate.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
let bus: Bus;
/** What the bus told everyone, as `type streamId`. */
let told: string[] = [];
let handle: ScratchDatabase;
const gates: Gate[] = [];
/** Everything that was logged by the gates and the database, as text. */
let logged = "";
const write = (fields: object, message: string) => {
  logged += `${JSON.stringify(fields)} ${message}\n`;
};
const log: Log = { info: write, warn: write, error: write };

beforeAll(async () => {
  handle = await openScratchDatabase(log);
});
afterAll(() => handle.close());

const KEY = "s3cret-key-of-one";

beforeEach(async () => {
  logged = "";
  told = [];
  bus = makeInProcessBus();
  await bus.events.subscribe(["streams"], ({ data }) => {
    const { type, streamId } = JSON.parse(data) as StreamChange;
    told.push(`${type} ${streamId}`);
  });
  await emptyTables(handle);
  await queries.createUser(handle.db, { username: "anna", email: "anna@example.org", hashedPassword: "x" });
  await queries.createChannel(handle.db, vault, {
    slug: "one",
    title: "Channel one",
    username: "anna",
    streamKey: KEY,
  });
});
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.close();
  await bus.close();
  expect(logged).not.toContain(KEY);
});

/** No beat by itself, unless a test asks for it. */
function makeGate(options: Partial<DatabaseGateOptions> = {}): Gate {
  const gate = makeDatabaseGate({ handle, vault, bus, nodeId: "node-1", heartbeatMs: 3_600_000, log, ...options });
  gates.push(gate);
  return gate;
}

const request = (key = KEY) => ({ key, connectionId: "c1", address: "127.0.0.1" });

async function goLive(gate: Gate): Promise<number> {
  const answer = await gate.admit(request());
  if (answer.kind !== "admitted") throw new Error(answer.code);
  return answer.streamId!;
}

async function stream(id: number) {
  const [row] =
    await handle.sql`select *, extract(epoch from started_at)::float8 * 1000 as started_ms from streams where id = ${id}`;
  return row!;
}

async function channelIsLive(): Promise<boolean> {
  const [row] = await handle.sql`select is_live from channels where id = 1`;
  return row?.is_live as boolean;
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await sleep(20);
  }
}

describe("admit", () => {
  test("a good key makes the channel live, with a stream named after it", async () => {
    const answer = await makeGate().admit(request());
    expect(answer).toEqual({
      kind: "admitted",
      slug: "one",
      channelId: 1,
      streamId: 1,
      visibility: "public",
      latency: "balanced",
      quality: "source",
      secondEncoder: "takeover",
      remuxer: "auto",
      isRecorded: true,
      dvrSeconds: 7200,
    });
    expect(await stream(1)).toMatchObject({
      title: "Channel one",
      is_live: true,
      ended_at: null,
      ingest_node: "node-1",
    });
    expect(await channelIsLive()).toBe(true);
  });

  test("the stream that was armed first is taken; planned ones are left alone", async () => {
    await handle.sql`insert into streams (channel_id, title, armed_at) values
      (1, 'planned', null), (1, 'later', now()), (1, 'armed', now() - interval '1 h')`;
    const id = await goLive(makeGate());
    expect(await stream(id)).toMatchObject({ title: "armed", is_live: true });
    expect([...(await handle.sql`select title from streams where started_at is null order by id`)]).toEqual([
      { title: "planned" },
      { title: "later" },
    ]);
  });

  test.each([
    "",
    "unknown",
    "x".repeat(256),
    "x".repeat(100_000),
    "a\0b",
    "key with blanks",
    "'; drop table streams; --",
    "ключ",
  ])("%.20p is an unknown key, for one and the same reason", async (key) => {
    const gate = makeGate();
    expect(await gate.admit(request(key))).toEqual(await gate.admit(request("unknown")));
    expect(await gate.admit(request(key))).toMatchObject({ kind: "refused", code: "publish.unknown-key" });
  });

  test("an inactive account is refused and nothing is touched", async () => {
    await handle.sql`update users set is_active = false`;
    expect(await makeGate().admit(request())).toMatchObject({ code: "publish.inactive-user" });
    expect([...(await handle.sql`select * from streams`)]).toEqual([]);
    expect(await channelIsLive()).toBe(false);
  });

  test("of many at once, on several nodes, one wins", async () => {
    const nodes = [makeGate(), makeGate({ nodeId: "node-2" })];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => nodes[n % 2]!.admit(request())));
    // On the winner's node the others are let in to the same stream; which encoder it is goes on with is not the gate's to say.
    const kindsOf = (node: number) =>
      new Set(
        answers
          .filter((_, n) => n % 2 === node)
          .map((answer) => (answer.kind === "refused" ? answer.code : answer.streamId)),
      );
    expect([kindsOf(0), kindsOf(1)].toSorted((a) => (a.has(1) ? -1 : 1))).toEqual([
      new Set([1]),
      new Set(["publish.already-publishing"]),
    ]);
    expect([...(await handle.sql`select count(*)::int as n from streams`)]).toEqual([{ n: 1 }]);
  });

  test("a live stream of a node that fell silent is ended at its last sign of life, and its channel is free", async () => {
    const old = await goLive(makeGate({ nodeId: "gone" }));
    await handle.sql`update streams set started_at = now() - interval '100 s', heartbeat_at = now() - interval '40 s'`;
    const id = await goLive(makeGate());
    expect(id).not.toBe(old);
    expect(await stream(old)).toMatchObject({ is_live: false, duration: 60 });
    expect(await stream(id)).toMatchObject({ is_live: true });
    expect(await channelIsLive()).toBe(true);
  });

  test("a database that doesn't answer in time is unavailable, and what it does later is undone", async () => {
    const gate = makeGate({ admitTimeoutMs: 100 });
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = handle.sql.begin(async (sql) => {
      await sql`select from channels for update`;
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    expect(await gate.admit(request())).toMatchObject({ code: "publish.unavailable" });
    held.resolve();
    await holding;
    await until("the late stream is over", async () => {
      const rows = await handle.sql`select is_live from streams`;
      return rows.length === 1 && !rows[0]?.is_live;
    });
    expect(await channelIsLive()).toBe(false);
  });
});

describe("the bus", () => {
  test("is told of a start and an end once each, whoever asks again", async () => {
    const gate = makeGate();
    const id = await goLive(gate);
    await gate.ended(id, ms(Date.now()));
    await gate.ended(id, ms(Date.now()));
    expect(told).toEqual([`stream.started ${id}`, `stream.ended ${id}`]);
  });

  test("is told of what a crashed node left, by who ends it", async () => {
    const old = await goLive(makeGate({ nodeId: "gone" }));
    await handle.sql`update streams set started_at = now() - interval '100 s', heartbeat_at = now() - interval '40 s'`;
    const id = await goLive(makeGate());
    expect(told).toEqual([`stream.started ${old}`, `stream.ended ${old}`, `stream.started ${id}`]);
    expect(await makeGate().recover()).toBe(1);
    expect(told.at(-1)).toBe(`stream.ended ${id}`);
  });

  test("keeps what a private channel does to the channel's own topic", async () => {
    await handle.sql`update channels set visibility = 'private'`;
    const own: string[] = [];
    await bus.events.subscribe(["channel:1"], ({ data }) => own.push((JSON.parse(data) as StreamChange).type));
    const gate = makeGate();
    await gate.ended(await goLive(gate), ms(Date.now()));
    expect([told, own]).toEqual([[], ["stream.started", "stream.ended"]]);
  });
});

describe("a key", () => {
  test("keeps when and from where it was last used", async () => {
    await makeGate().admit({ ...request(), address: "2001:db8::1" });
    const [row] = await handle.sql`
      select stream_key_used_from as place, stream_key_used_at > now() - interval '1 minute' as recent from channels`;
    expect(row).toEqual({ place: "2001:db8::1", recent: true });
  });

  test("is not what lies in the database: a leaked copy opens nothing", async () => {
    const [row] = await handle.sql<{ stream_key: string; stream_key_sealed: string }[]>`
      select stream_key, stream_key_sealed from channels`;
    for (const leaked of [row!.stream_key, row!.stream_key_sealed]) {
      expect(leaked).not.toContain(KEY);
      expect(await makeGate().admit(request(leaked))).toMatchObject({ code: "publish.unknown-key" });
    }
  });

  test("of a channel that its owner stopped is refused for a while, and the streamer reads for how long", async () => {
    await handle.sql`update channels set publish_blocked_until = now() + interval '60 s'`;
    const answer = await makeGate().admit(request());
    expect(answer).toMatchObject({ kind: "refused", code: "publish.stopped" });
    expect((answer as { reason: string }).reason).toMatch(/wait (60|59) s/);
    await handle.sql`update channels set publish_blocked_until = now() - interval '1 ms'`;
    expect(await makeGate().admit(request())).toMatchObject({ kind: "admitted" });
  });
});

describe("ended", () => {
  test("clears the flags and sets the end and whole seconds", async () => {
    const gate = makeGate();
    const id = await goLive(gate);
    const { started_ms: started } = await stream(id);
    await gate.ended(id, ms(started + 2_999));
    const row = await stream(id);
    expect(row).toMatchObject({ is_live: false, duration: 2 });
    expect(new Date(row.ended_at as string).getTime()).toBe(started + 2_999);
    expect(await channelIsLive()).toBe(false);
    await gate.ended(id, ms(started + 9_999));
    expect(await stream(id)).toMatchObject({ duration: 2 });
  });

  test("a clock that is behind the database's gives a stream of no length, not an error", async () => {
    const gate = makeGate();
    const id = await goLive(gate);
    await gate.ended(id, ms(0));
    expect(await stream(id)).toMatchObject({ is_live: false, duration: 0 });
  });

  test("of a stream that was deleted meanwhile is no news", async () => {
    const gate = makeGate();
    const id = await goLive(gate);
    await handle.sql`delete from streams`;
    await gate.ended(id, ms(Date.now()));
  });

  test("the channel can be published to again at once", async () => {
    const gate = makeGate();
    for (let n = 0; n < 3; n++) {
      const id = await goLive(gate);
      // Not awaited: what is on its way to the database is written before the next look.
      void gate.ended(id, ms(Date.now()));
    }
    expect(await goLive(gate)).toBe(4);
  });
});

test("the server is killed during a broadcast: the end arrives when it is back, heartbeats go on, nothing throws", async () => {
  const gate = makeGate({ heartbeatMs: 50 });
  const id = await goLive(gate);
  const location = JSON.parse(readFileSync(join(handle.dataDir, "database", "location.json"), "utf8")) as {
    clusterDir: string;
  };
  const server = findPostmaster(location.clusterDir)!.process.pid;
  process.kill(server, "SIGKILL");
  await until("a heartbeat failed", () => logged.includes("a heartbeat did not reach the database"));
  // More failing attempts than the pool has connections: none of them may cost one for good.
  const answers = await Promise.all(Array.from({ length: 30 }, () => gate.admit(request())));
  // Some may find the server back already: they are let in to the stream that goes on.
  for (const answer of answers)
    if (answer.kind === "admitted") expect(answer.streamId).toBe(id);
    else expect(answer.code).toBe("publish.unavailable");
  const endedAt = Date.now() + 1_000;
  await gate.ended(id, ms(endedAt));
  expect(findPostmaster(location.clusterDir)?.process.pid).not.toBe(server);
  expect(await stream(id)).toMatchObject({ is_live: false });
  expect(await channelIsLive()).toBe(false);
  await until("heartbeats succeed", () => logged.includes("heartbeats reach the database again"));
  expect(await goLive(gate)).toBeGreaterThan(id);
});

describe("signs of life", () => {
  const silenceOf = async (id: number) => {
    const [row] =
      await handle.sql`select extract(epoch from now() - heartbeat_at)::float8 as s from streams where id = ${id}`;
    return row?.s as number;
  };

  test("are written for the streams of this gate only", async () => {
    const mine = await goLive(makeGate({ heartbeatMs: 20 }));
    await handle.sql`insert into channels (user_id, slug, title, stream_key) values (1, 'two', 'Two', 'k2')`;
    await handle.sql`insert into streams (channel_id, title, is_live, started_at, ingest_node) values (2, 'x', true, now(), 'node-1')`;
    await handle.sql`update streams set heartbeat_at = now() - interval '20 s'`;
    await until("a beat arrived", async () => (await silenceOf(mine)) < 10);
    expect(await silenceOf(mine + 1)).toBeGreaterThan(10);
  });

  test("say when someone else ended a stream", async () => {
    const taken: number[] = [];
    const gate = makeGate({ heartbeatMs: 20, onTakenOver: (id) => taken.push(id) });
    const id = await goLive(gate);
    await handle.sql`update streams set is_live = false, ended_at = now()`;
    await until("the gate was told", () => taken.length > 0);
    expect(taken).toEqual([id]);
  });

  test("of a crashed node that never comes back are missed by the others", async () => {
    const old = await goLive(makeGate({ nodeId: "gone" }));
    await handle.sql`update streams set heartbeat_at = now() - interval '1 h', started_at = now() - interval '2 h'`;
    makeGate({ heartbeatMs: 20, staleAfterMs: 100 });
    await until("it is over", async () => !(await stream(old)).is_live);
    expect(await stream(old)).toMatchObject({ duration: 3_600 });
    expect(await channelIsLive()).toBe(false);
  });
});

describe("recover", () => {
  test("ends what this node left live, at its last sign of life, and no one else's", async () => {
    const mine = await goLive(makeGate());
    await handle.sql`insert into channels (user_id, slug, title, stream_key, is_live) values (1, 'two', 'Two', 'k2', true)`;
    await handle.sql`insert into streams (channel_id, title, is_live, started_at, heartbeat_at, ingest_node) values (2, 'x', true, now(), now(), 'node-2')`;
    await handle.sql`update streams set started_at = now() - interval '90 s', heartbeat_at = now() - interval '29500 ms' where id = ${mine}`;
    const next = makeGate();
    expect(await next.recover()).toBe(1);
    expect(await stream(mine)).toMatchObject({ is_live: false, duration: 60 });
    expect(await channelIsLive()).toBe(false);
    expect([...(await handle.sql`select is_live from streams where ingest_node = 'node-2'`)]).toEqual([
      { is_live: true },
    ]);
    expect([...(await handle.sql`select is_live from channels where id = 2`)]).toEqual([{ is_live: true }]);
    expect(await next.recover()).toBe(0);
    expect(await goLive(next)).toBeGreaterThan(mine);
  });

  test("mends a flag that belongs to no stream", async () => {
    await handle.sql`update channels set is_live = true`;
    expect(await makeGate().recover()).toBe(0);
    expect(await channelIsLive()).toBe(false);
  });
});

test("a node's name that the database could not hold is a mistake of the caller", () => {
  for (const nodeId of ["", "x".repeat(101)]) {
    expect(() => makeDatabaseGate({ handle, vault, bus, nodeId, log })).toThrow(RangeError);
  }
});

describe("several nodes", () => {
  const other = (state: "there" | "draining" | "gone", isDraining = false) => ({
    peers: { isDraining, stateOf: async () => state },
  });

  test("a channel of a node that is there is that node's", async () => {
    await goLive(makeGate({ nodeId: "node-2" }));
    expect(await makeGate(other("there")).admit(request())).toMatchObject({ code: "publish.already-publishing" });
  });

  test("a channel of a node that is gone is let in at once, and all that node had is over", async () => {
    await queries.createChannel(handle.db, vault, {
      slug: "two",
      title: "Two",
      username: "anna",
      streamKey: "key-two",
    });
    const dead = makeGate({ nodeId: "node-2" });
    const first = await goLive(dead);
    const second = await dead.admit(request("key-two"));
    const next = await goLive(makeGate(other("gone")));
    expect(next).not.toBe(first);
    expect(await stream(first)).toMatchObject({ is_live: false });
    expect(await stream(next)).toMatchObject({ is_live: true, ingest_node: "node-1" });
    expect(second.kind === "admitted" && (await stream(second.streamId!)).is_live).toBe(false);
    await until("all is told", () => told.length === 5);
    expect(told.slice(2).sort()).toEqual(["stream.ended 1", "stream.ended 2", "stream.started 3"]);
  });

  test("a node that is about to stop gives its channel up, and is told to", async () => {
    const orders: string[] = [];
    await bus.events.subscribe(["ingest"], ({ data }) => orders.push(data));
    const first = await goLive(makeGate({ nodeId: "node-2" }));
    const next = await goLive(makeGate(other("draining")));
    expect([(await stream(first)).is_live, (await stream(next)).is_live]).toEqual([false, true]);
    await until("the order is there", () => orders.length === 1);
    expect(JSON.parse(orders[0]!)).toMatchObject({ type: "cut", streamId: first });
  });

  test("beyond its capacity nobody new is let in, whoever comes back is, and an end makes room", async () => {
    await queries.createChannel(handle.db, vault, {
      slug: "two",
      title: "Two",
      username: "anna",
      streamKey: "key-two",
    });
    const gate = makeGate({ capacity: 1 });
    const answers = await Promise.all([gate.admit(request()), gate.admit(request("key-two"))]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(["admitted", "refused"]);
    expect(answers.find(({ kind }) => kind === "refused")).toMatchObject({ code: "publish.no-room" });
    const [mine, others] = answers[0]!.kind === "admitted" ? [KEY, "key-two"] : ["key-two", KEY];
    expect(await gate.admit(request(mine))).toMatchObject({ kind: "admitted" });
    const admitted = answers.find((answer) => answer.kind === "admitted")!;
    await gate.ended(admitted.kind === "admitted" ? admitted.streamId! : 0, ms(Date.now()));
    expect(await gate.admit(request(others))).toMatchObject({ kind: "admitted" });
  });

  test("publishers of other processes of the machine count for its capacity", async () => {
    let others = 1;
    const gate = makeGate({ capacity: 1, others: () => others });
    expect(await gate.admit(request())).toMatchObject({ code: "publish.no-room" });
    others = 0;
    expect(await gate.admit(request())).toMatchObject({ kind: "admitted" });
  });

  test("while it is about to stop it takes nobody new", async () => {
    expect(await makeGate(other("there", true)).admit(request())).toMatchObject({ code: "publish.draining" });
    expect(await channelIsLive()).toBe(false);
  });
});
