import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { makeKeyVault, orderRecordingRemoval, queries, type StreamChange } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { openScratchDatabase, type ScratchDatabase } from "@streamhub/db/scratch";
import { makeRecordingRegister, workOnRemovals } from "./recording-register.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
const bus = makeInProcessBus();
const told: string[] = [];
let handle: ScratchDatabase;

beforeAll(async () => {
  handle = await openScratchDatabase();
  await bus.events.subscribe(["streams"], ({ data }) => {
    const { type, streamId } = JSON.parse(data) as StreamChange;
    told.push(`${type} ${streamId}`);
  });
});
afterAll(async () => {
  await bus.close();
  await handle.close();
});

async function until(what: () => boolean): Promise<void> {
  for (let n = 0; n < 500 && !what(); n++) await Bun.sleep(10);
  expect(what()).toBe(true);
}

test("a recording's life is written down, and everyone is told when there is something to play, and when there is not any more", async () => {
  const { db } = handle;
  await queries.createUser(db, { username: "anna", email: "anna@example.org", hashedPassword: "x" });
  await queries.createChannel(db, vault, { slug: "one", title: "One", username: "anna", streamKey: "key-of-one" });
  const live = await queries.goLive(db, vault, { streamKey: "key-of-one", nodeId: "node", staleAfterMs: 60_000 });
  if (live.kind !== "live") throw new Error(live.kind);
  const { streamId } = live;
  expect([live.isRecorded, live.dvrSeconds]).toEqual([true, 7200]);

  const register = makeRecordingRegister({ db, bus, nodeId: "node" });
  expect(await register.access(streamId)).toBeNull();
  expect(await register.begun(streamId)).toBe(true);
  expect(await register.access(streamId)).toMatchObject({ visibility: "public", isLive: true });
  expect(await register.unfinished()).toEqual([]);
  await register.stopped(streamId, "disk-full");
  await until(() => told.length === 1);
  await queries.endStream(db, streamId, Date.now());
  expect(await register.unfinished()).toEqual([streamId]);
  expect(await register.finished(streamId, { seconds: 61.9, size: 123 })).toBe(true);
  await until(() => told.length === 2);
  expect(await register.finishedOf([streamId, 99])).toMatchObject([{ streamId, size: 123 }]);
  const stream = await queries.getStream(db, streamId);
  expect(stream!.recording).toEqual({ state: "ready", reason: "disk-full", duration: 61, size: 123 });
  expect((await queries.getPublicStreams(db, [streamId]))[0]!.recording).toEqual(stream!.recording);
  expect(await register.isWatched(streamId)).toBe(false);
  await bus.presence.touch([{ set: `viewers:${streamId}`, member: "somebody", ttl: 60_000 }]);
  expect(await register.isWatched(streamId)).toBe(true);

  await register.forgotten(streamId);
  await until(() => told.length === 3);
  expect(new Set(told)).toEqual(new Set([`stream.updated ${streamId}`]));
  expect(await register.access(streamId)).toBeNull();
  // The stream is there; what was never a stream of ours is left alone, whatever its number.
  expect(await register.orphans([streamId, streamId + 1])).toEqual([]);
});

test("what the API orders away is removed, once, and tried again when the storage is away", async () => {
  const removed: number[] = [];
  let failures = 1;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const remove = async (streamId: number): Promise<void> => {
    if (failures-- > 0) throw new Error("away");
    removed.push(streamId);
  };
  await workOnRemovals({ bus, remove, log });
  await orderRecordingRemoval(bus, [7, 8]);
  await until(() => removed.length === 2);
  expect(removed.toSorted()).toEqual([7, 8]);
});
