import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ms, seconds } from "../bytes/units.ts";
import { makePackager } from "../packager/packager.ts";
import type { Segment } from "../packager/segment.ts";
import { type ModelEpoch, modelEpoch } from "../packager/testing/model-broadcast.ts";
import { openDiskStorage } from "../storage/disk.ts";
import { type Storage, StorageError } from "../storage/storage.ts";
import { indexKey, journalPrefix, segmentKey } from "./names.ts";
import { makeRecorder, type Recorder, type RecorderLimits, type StopReason } from "./recorder.ts";
import { type Recording, readRecording, sealRecording } from "./recording.ts";

setDefaultTimeout(60_000);

const FIRST = 28_000_000;
const STARTED_AT = ms(Date.UTC(2026, 10, 24));
const PREFIX = "recordings/1/";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function disk(): Storage {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-recorder-"));
  folders.push(folder);
  return openDiskStorage(folder);
}

type Told = readonly [rendition: string, segment: Segment];

/** What a packager tells of a broadcast. */
function broadcast(epochs: readonly ModelEpoch[]): { told: Told[]; target: number } {
  const told: Told[] = [];
  let target = 0;
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(0.5), showsParts: false },
    {
      onSegment: (rendition, segment) => told.push([rendition, segment]),
      onPart() {},
      onPartTarget() {},
      onTargetDuration(value) {
        target = value;
      },
      onDependentCut() {},
    },
  );
  let at = 0;
  for (const each of epochs) {
    const { tracks, inputs, lengthMs } = modelEpoch(each);
    packager.beginEpoch(tracks, ms(at + each.pauseMs));
    for (const { track, sample } of inputs) packager.push(track, sample);
    packager.endEpoch();
    at += each.pauseMs + lengthMs;
  }
  return { told, target };
}

const video = { fps: 30, gops: [60, 60, 60, 75, 45, 60], reorder: 1, jitter: [], width: 640 };
const audio = { sampleRate: 48_000, startMs: 20, jitter: [], hole: null, lagMs: 30 };
const both: ModelEpoch = { video, audio, pauseMs: 0 };
const silent: ModelEpoch = { video: { ...video, width: 1280 }, audio: null, pauseMs: 700 };
const epoch = fc.oneof(
  { weight: 3, arbitrary: fc.constant(both) },
  fc.constant(silent),
  fc.constant<ModelEpoch>({ video: null, audio, pauseMs: 10 }),
);

interface Running {
  readonly recorder: Recorder;
  readonly stored: Set<string>;
  readonly stops: StopReason[];
}

function record(storage: Storage, limits: Partial<RecorderLimits> = {}): Running {
  const stored = new Set<string>();
  const stops: StopReason[] = [];
  const recorder = makeRecorder({
    storage,
    prefix: PREFIX,
    startedAt: STARTED_AT,
    onStored: (rendition, number) => stored.add(`${rendition}/${number}`),
    onStopped: (reason) => stops.push(reason),
    limits: { retryMs: 5, ...limits },
  });
  return { recorder, stored, stops };
}

function tell(recorder: Recorder, { told, target }: ReturnType<typeof broadcast>, count = told.length): void {
  recorder.onTargetDuration(target);
  for (const [rendition, segment] of told.slice(0, count)) recorder.onSegment(rendition, segment);
}

/** What it lists, as `rendition/number`, and that all of it is there. */
async function listed(storage: Storage, { view }: Recording, told: readonly Told[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, past } of view.renditions) {
    for (let number = past!.from; number < past!.to; number++) {
      const found = past!.log.at(number)!;
      const [, segment] = told.find(([rendition, each]) => rendition === name && each.number === number)!;
      expect([found.kind, found.time, found.duration]).toEqual([segment.kind, segment.time, segment.duration]);
      if (segment.kind === "media") {
        const bytes = await storage.get(segmentKey(PREFIX, name, number));
        expect(Buffer.compare(bytes!, segment.bytes)).toBe(0);
      }
      names.push(`${name}/${number}`);
    }
  }
  return names;
}

describe("a recorder", () => {
  test("keeps all of a broadcast; the index says what the journal said", async () => {
    const storage = disk();
    const made = broadcast([both, silent, both]);
    const { recorder, stored, stops } = record(storage);
    tell(recorder, made);
    const recording = await recorder.finish();
    const names = await listed(storage, recording!, made.told);
    expect(names.length).toBe(made.told.length);
    expect(stored.size).toBe(made.told.length);
    expect(stops).toEqual([]);
    expect(await storage.get(indexKey(PREFIX))).not.toBeNull();
    expect(await Array.fromAsync(storage.list(journalPrefix(PREFIX)))).toEqual([]);
    const read = await readRecording(storage, PREFIX);
    expect(await listed(storage, read!, made.told)).toEqual(names);
    expect(read!.size).toBe(
      made.told.reduce((sum, [, each]) => sum + (each.kind === "media" ? each.bytes.length : 0), 0),
    );
    expect(read!.view.renditions.map(({ media }) => media.codecs)).toEqual(["avc1.64001f", "mp4a.40.2"]);
  });

  test("that is killed at any moment leaves what it had told of, whole, and no hole", async () => {
    const scenario = fc.record({
      epochs: fc.array(epoch, { minLength: 1, maxLength: 3 }),
      /** Writes that succeed before the process is gone. */
      alive: fc.integer({ min: 0, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ epochs, alive }) => {
        const storage = disk();
        const made = broadcast(epochs);
        let left = alive;
        const never = new Promise<void>(() => {});
        /** What the disk was given in time: it is on its way there, however long that takes. */
        const given: Promise<void>[] = [];
        const dying: Storage = {
          ...storage,
          put(key, bytes) {
            if (left-- <= 0) return never;
            const write = storage.put(key, bytes);
            given.push(write);
            return write;
          },
        };
        const { recorder, stored } = record(dying);
        tell(recorder, made);
        const before = () => (left <= 0 ? null : recorder.state === "recording" && recorder.queuedBytes > 0);
        for (let n = 0; n < 2_000 && before() !== null && before(); n++) await Bun.sleep(1);
        for (let seen = -1; seen !== given.length; await Bun.sleep(5)) {
          seen = given.length;
          await Promise.all(given);
        }
        const recording = await readRecording(storage, PREFIX);
        const names = recording === null ? [] : await listed(storage, recording, made.told);
        // All renditions end together: at the last number that each of them has.
        const last = (name: string) =>
          Math.max(
            -1,
            ...[...stored].filter((each) => each.startsWith(`${name}/`)).map((each) => Number(each.split("/")[1])),
          );
        const ends = [...new Set([...stored].map((each) => each.split("/")[0]!))].map(last);
        const end = Math.min(...ends);
        for (const name of stored)
          if (Number(name.split("/")[1]) <= end && recording !== null) expect(names).toContain(name);
        // After the restart it is sealed, and says the same.
        const sealed = await sealRecording(storage, PREFIX, true);
        expect(sealed === null ? [] : await listed(storage, sealed, made.told)).toEqual(names);
      }),
      { numRuns: 25 },
    );
  });

  test("tries again when the storage fails for a while", async () => {
    const storage = disk();
    let failures = 6;
    const flaky: Storage = {
      ...storage,
      async put(key, bytes) {
        if (failures-- > 0) throw new StorageError("storage.failed", "away");
        return storage.put(key, bytes);
      },
    };
    const made = broadcast([both]);
    const { recorder, stops } = record(flaky);
    tell(recorder, made);
    expect(await listed(storage, (await recorder.finish())!, made.told)).toHaveLength(made.told.length);
    expect(stops).toEqual([]);
  });

  test("of a full disk stops, once, and keeps what it has", async () => {
    const storage = disk();
    let room = 9;
    const full: Storage = {
      ...storage,
      async put(key, bytes) {
        if (room-- <= 0 && !key.endsWith("index.jsonl")) throw new StorageError("storage.full", "full");
        return storage.put(key, bytes);
      },
    };
    const made = broadcast([both, both]);
    const { recorder, stops, stored } = record(full);
    tell(recorder, made);
    for (let n = 0; n < 1_000 && recorder.state === "recording"; n++) await Bun.sleep(1);
    tell(recorder, made);
    expect([recorder.state, recorder.reason, recorder.queuedBytes]).toEqual(["stopped", "disk-full", 0]);
    const names = await listed(storage, (await recorder.finish())!, made.told);
    expect(names.length).toBeGreaterThan(0);
    expect(names.length).toBeLessThanOrEqual(stored.size);
    expect(stops).toEqual(["disk-full"]);
  });

  test("of a storage that hangs stops when too much waits, and holds nothing any more", async () => {
    const hanging: Storage = { ...disk(), put: () => new Promise(() => {}) };
    const made = broadcast([both]);
    const { recorder, stops } = record(hanging, { maxQueuedBytes: 3_000, writeTimeoutMs: 20, finishMs: 50 });
    tell(recorder, made);
    expect([recorder.state, recorder.reason, recorder.queuedBytes]).toEqual(["stopped", "storage-slow", 0]);
    expect(stops).toEqual(["storage-slow"]);
    expect(await recorder.finish()).toBeNull();
  });

  test("a file that the machine lost in a crash is a gap", async () => {
    const storage = disk();
    const made = broadcast([both]);
    const { recorder } = record(storage);
    tell(recorder, made);
    for (let n = 0; n < 1_000 && recorder.queuedBytes > 0; n++) await Bun.sleep(1);
    await recorder.abandon();
    await storage.put(segmentKey(PREFIX, "video", FIRST + 1), new Uint8Array(0));
    const { view } = (await sealRecording(storage, PREFIX, true))!;
    const { log } = view.renditions[0]!.past!;
    expect([FIRST, FIRST + 1, FIRST + 2].map((number) => log.at(number)!.kind)).toEqual(["media", "gap", "media"]);
  });
});
