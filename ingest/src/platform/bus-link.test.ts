import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { type Bus, sendCut, sendRestreamsChange } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { ms } from "../bytes/units.ts";
import { LiveBroadcast } from "../live/broadcast.ts";
import { Registry } from "../live/registry.ts";
import { NOBODY } from "../live/testing/nobody.ts";
import { eventually, makeFlv } from "../remux/testing/flv.ts";
import { joinBus, type StreamSample } from "./bus-link.ts";

setDefaultTimeout(60_000);

let bus: Bus;
let registry: Registry;
let leave: () => Promise<void>;
let cut: [number, string][];
let reloaded: number[];
const log = { info() {}, warn() {}, error() {} };

beforeEach(() => {
  bus = makeInProcessBus();
  registry = new Registry();
  cut = [];
  reloaded = [];
  const ingest = {
    listen: registry.listen.bind(registry),
    cut: (streamId: number, reason: string) => cut.push([streamId, reason]),
    restreams: (streamId: number) => [{ id: streamId, ...SENT }],
    reloadRestreams: (streamId: number) => void reloaded.push(streamId),
  };
  leave = joinBus({ bus, ingest, log, sampleMs: 20 });
});
afterEach(async () => {
  await leave();
  await bus.close();
});

const SENT = { state: "live", since: "2026-11-27T20:00:00.000Z", fault: null, bytes: 5, droppedFrames: 0 } as const;

const broadcast = (slug: string, streamId: number | null) =>
  new LiveBroadcast({
    slug,
    streamId,
    visibility: "public",
    latency: "standard",
    startedAt: Date.now() as LiveBroadcast["startedAt"],
    publisher: NOBODY,
  });

test("samples of each live broadcast go to its owner's topic and lie in the cache, until it is over", async () => {
  const seen: StreamSample[] = [];
  await bus.events.subscribe(["owner:7"], ({ data, id }) => {
    expect(id).toBe("");
    seen.push(JSON.parse(data));
  });
  const one = broadcast("one", 7);
  registry.start(one);
  for (const { kind, timestamp, body } of await makeFlv({ seconds: 2, video: {}, audio: {} }))
    one.push(kind, timestamp, body);
  const sample = await eventually("a sample with pictures", () => seen.find(({ videoCodec }) => videoCodec !== null));
  expect(sample).toMatchObject({ type: "stream.sample", streamId: 7, width: 320, height: 180, audioCodec: "AAC" });
  expect(JSON.parse((await bus.cache.get("sample:7")) ?? "null")).toMatchObject({ streamId: 7 });
  registry.end(one, ms(Date.now()));
  expect(await bus.cache.get("sample:7")).toBeNull();
  const count = seen.length;
  await Bun.sleep(100);
  expect(seen.length).toBe(count);
});

test("a broadcast without a row is nobody's", async () => {
  registry.start(broadcast("open", null));
  await Bun.sleep(60);
  expect(await bus.cache.get("sample:null")).toBeNull();
});

test("commands are done; whatever else somebody writes there is not one", async () => {
  await sendCut(bus, 7, "Stopped.");
  for (const data of [
    "",
    "null",
    "[]",
    "{",
    '{"type":"cut"}',
    '{"type":"cut","streamId":"7","reason":"x"}',
    '{"type":"x"}',
  ])
    await bus.events.notify("ingest", data);
  await eventually("the command arrives", () => cut.length > 0);
  expect(cut).toEqual([[7, "Stopped."]]);
});

test("after leaving nothing is done any more", async () => {
  await leave();
  await sendCut(bus, 7, "Stopped.");
  expect(cut).toEqual([]);
});

test("the sample says how other services get it, and an order of the bus has them read anew", async () => {
  const seen: StreamSample[] = [];
  await bus.events.subscribe(["owner:7"], ({ data }) => void seen.push(JSON.parse(data)));
  registry.start(broadcast("one", 7));
  const sample = await eventually("a sample", () => seen[0]);
  expect(sample.restreams).toEqual([{ id: 7, ...SENT }]);
  await sendRestreamsChange(bus, 7);
  await eventually("it is read anew", () => reloaded[0]);
  expect([reloaded, cut]).toEqual([[7], []]);
});
