/** Targets of a broadcast against real services on sockets: what arrives there, and what becomes of the broadcast when they misbehave. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { until } from "../../test/server/open-server.ts";
import { AVC_CONFIG, avcFrame } from "../../test/server/peer-bytes.ts";
import { ms } from "../bytes/units.ts";
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { AddressLookup } from "../live/ports.ts";
import type { RelayLimits } from "./limits.ts";
import { KEY, makeStage, STREAM, targetAt } from "./testing/stage.ts";
import { startTarget } from "./testing/target-server.ts";

const AAC_CONFIG = Uint8Array.of(0xaf, 0, 0x12, 0x10);
const METADATA = Uint8Array.of(2, 0, 10, ...new TextEncoder().encode("onMetaData"), 8, 0, 0, 0, 0, 0, 0, 9);
const CUE_POINT = Uint8Array.of(2, 0, 10, ...new TextEncoder().encode("onCuePoint"), 5);
/** hvc1 in E-RTMP framing: a keyframe. */
const HEVC_KEYFRAME = Uint8Array.of(0x91, ...new TextEncoder().encode("hvc1"), 0, 0, 0, 1, 2, 3);

function begin(broadcast: LiveBroadcast): void {
  broadcast.push("script", 0, METADATA);
  broadcast.push("video", 0, AVC_CONFIG);
  broadcast.push("audio", 0, AAC_CONFIG);
  broadcast.push("video", 40, avcFrame(true, 30));
}

test("what the encoder sends arrives there byte for byte, from the cached keyframe on", async () => {
  const item = fc.record({
    kind: fc.constantFrom("audio" as const, "video" as const),
    size: fc.integer({ min: 1, max: 200_000 }),
    fill: fc.nat(255),
    isKeyframe: fc.boolean(),
    step: fc.nat(2_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), fc.nat(12), async (items, before) => {
      using service = startTarget();
      using stage = makeStage({ targets: [targetAt(service.port)] });
      const { broadcast, reaches } = stage;
      const expected: string[] = [];
      let timestamp = 100;
      const push = (from: number, to: number) => {
        for (const { kind, size, fill, isKeyframe, step } of items.slice(from, to)) {
          timestamp += step;
          const body = kind === "video" ? avcFrame(isKeyframe, size, fill) : new Uint8Array(2 + size).fill(fill);
          if (kind === "audio") body.set([0xaf, 1]);
          broadcast.push(kind, timestamp, body);
          // Of what came before the connection, the GOP in progress alone.
          if (kind === "video" && isKeyframe && to <= before) expected.length = 0;
          expected.push(`${kind} ${timestamp} ${Bun.hash(body)}`);
        }
      };
      begin(broadcast);
      expected.push(`video 40 ${Bun.hash(avcFrame(true, 30))}`);
      push(0, before);
      await reaches("live");
      push(before, items.length);
      const frames = () => service.media.filter(({ kind, payload }) => kind !== "script" && payload[1] !== 0);
      await until("all have arrived", () => frames().length >= expected.length);
      expect(frames().map((event) => `${event.kind} ${event.timestamp} ${Bun.hash(event.payload)}`)).toEqual(expected);
      expect(service.media.slice(0, 3).map(({ payload }) => payload)).toEqual([METADATA, AVC_CONFIG, AAC_CONFIG]);
      expect(service.keys).toEqual([KEY]);
      stage.end();
      await until("the service is told of the end", () => service.ended() === 1);
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("a cue point stays one, and does not replace what describes the stream", async () => {
  using service = startTarget();
  using stage = makeStage({ targets: [targetAt(service.port)] });
  const { broadcast, reaches } = stage;
  begin(broadcast);
  await reaches("live");
  broadcast.push("script", 80, CUE_POINT);
  await until("it has arrived", () => service.media.some(({ payload }) => Bun.deepEquals(payload, CUE_POINT)));
});

test("a key that is refused is shown as such, is tried again, and what the service said is told nobody", async () => {
  using service = startTarget();
  service.behave("refuse");
  using stage = makeStage({ targets: [targetAt(service.port)] });
  const { reaches, statusOf, lines, metrics } = stage;
  await reaches("refused");
  expect(statusOf()?.fault?.code).toBe("denied");
  expect(statusOf()?.fault?.reason).not.toBe("");
  const said = `${lines.join("\n")} ${JSON.stringify(statusOf())} ${await metrics.metrics()}`;
  expect(said).not.toContain(KEY);
  expect(said).not.toContain("push.example");
  expect(said).toContain('streamhub_restream_targets{state="refused"} 1');
});

test("a service that closes and comes back gets the broadcast again, and nobody else notices", async () => {
  using service = startTarget();
  using other = startTarget();
  using stage = makeStage({ targets: [targetAt(service.port), targetAt(other.port, 2)] });
  const { broadcast, reaches, statusOf } = stage;
  begin(broadcast);
  await reaches("live");
  await reaches("live", 2);
  service.closeAll();
  await reaches("retrying");
  expect(statusOf()?.fault?.code).toBe("closed");
  broadcast.push("video", 80, avcFrame(true, 50));
  await reaches("live");
  await until("the keyframe is there", () => service.media.some(({ timestamp }) => timestamp === 80));
  expect(service.connections()).toBe(2);
  expect(other.connections()).toBe(1);
  expect(statusOf(2)?.state).toBe("live");
}, 15_000);

test("a service that is not there is tried until it is", async () => {
  const gone = startTarget();
  const { port } = gone;
  gone[Symbol.dispose]();
  using stage = makeStage({ targets: [targetAt(port)] });
  const { reaches, statusOf } = stage;
  await reaches("retrying");
  expect(statusOf()?.fault?.code).toBe("unreachable");
  using _service = startTarget({ port });
  await reaches("live");
}, 15_000);

test("a service that never answers is given up in time", async () => {
  using service = startTarget();
  service.behave("silent");
  using stage = makeStage({ targets: [targetAt(service.port)], limits: { setupTimeout: ms(300) } });
  const { reaches, statusOf } = stage;
  await reaches("retrying");
  expect(statusOf()?.fault?.code).toBe("timeout");
});

test("a service that does not read costs a bounded queue, loses frames up to a keyframe, and goes on with one", async () => {
  using service = startTarget();
  const maxQueue = 1024 * 1024;
  using stage = makeStage({
    targets: [targetAt(service.port)],
    limits: { maxQueue: maxQueue as RelayLimits["maxQueue"], stallTimeout: ms(60_000) },
  });
  const { broadcast, reaches, statusOf, restreams } = stage;
  begin(broadcast);
  await reaches("live");
  service.pause(true);
  // The same two all the time: what is measured is what is kept of them, and not what the collector has yet to take away.
  const [key, other] = [avcFrame(true, 100_000, 1), avcFrame(false, 100_000, 2)];
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  let timestamp = 100;
  const frame = (isKeyframe: boolean) => {
    timestamp += 40;
    broadcast.push("video", timestamp, isKeyframe ? key : other);
  };
  for (let count = 0; count < 2_000; count++) frame(count % 50 === 0);
  expect(statusOf()!.droppedFrames).toBeGreaterThan(1_000);
  // 200 MB were sent on, and nearly none of it kept.
  Bun.gc(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(120 * 1024 * 1024);
  service.pause(false);
  const arrived = () => service.media.filter(({ kind, payload }) => kind === "video" && payload[1] === 1);
  await until(
    "the queue is empty",
    () => statusOf()!.bytes > 0 && arrived().length >= 2_001 - statusOf()!.droppedFrames,
  );
  const last = arrived().at(-1)!.timestamp;
  frame(false);
  frame(true);
  frame(false);
  await until("it goes on", () => arrived().at(-1)!.timestamp === timestamp);
  const resumed = arrived().filter((event) => event.timestamp > last);
  expect(resumed.map(({ payload }) => payload[0])).toEqual([0x17, 0x27]);
  expect(restreams.statusOf(STREAM)[0]?.state).toBe("live");
}, 30_000);

test("a service that is stuck is given up", async () => {
  using service = startTarget();
  using stage = makeStage({
    targets: [targetAt(service.port)],
    limits: { stallTimeout: ms(400) },
  });
  const { broadcast, reaches, statusOf } = stage;
  begin(broadcast);
  await reaches("live");
  service.pause(true);
  for (let count = 0; count < 400; count++) broadcast.push("video", 100 + count, avcFrame(true, 100_000));
  await reaches("retrying");
  expect(statusOf()?.fault?.code).toBe("stalled");
});

test("the end of the broadcast ends it there, also while it waits for another attempt", async () => {
  using service = startTarget();
  using refusing = startTarget();
  refusing.behave("refuse");
  using stage = makeStage({
    targets: [targetAt(service.port), targetAt(refusing.port, 2)],
  });
  const { broadcast, reaches, restreams } = stage;
  begin(broadcast);
  await reaches("live");
  await reaches("refused", 2);
  stage.end();
  await until("the service is told", () => service.ended() === 1);
  expect(restreams.statusOf(STREAM)).toEqual([]);
});

test("it lives on while the encoder is away, and goes on with the next one's keyframe", async () => {
  using service = startTarget();
  using stage = makeStage({ targets: [targetAt(service.port)] });
  const { broadcast, reaches } = stage;
  begin(broadcast);
  await reaches("live");
  stage.goAwayAndBack();
  broadcast.push("video", 5, avcFrame(false, 11));
  broadcast.push("video", 6, AVC_CONFIG);
  broadcast.push("video", 7, avcFrame(true, 12));
  await until("it goes on", () => service.media.some(({ payload }) => payload.length === 17));
  expect(service.media.some(({ payload }) => payload.length === 16)).toBe(false);
  expect(service.connections()).toBe(1);
  stage.end();
});

test("targets that are added, changed, switched off take effect at once", async () => {
  using first = startTarget();
  using second = startTarget();
  using stage = makeStage({ targets: [] });
  const { broadcast, reaches, restreams, current, statusOf } = stage;
  begin(broadcast);
  current.targets = [targetAt(first.port)];
  restreams.reload(STREAM);
  await reaches("live");
  current.targets = [targetAt(second.port)];
  restreams.reload(STREAM);
  await until("the first is told", () => first.ended() === 1);
  await reaches("live");
  current.targets = [targetAt(second.port), targetAt(first.port, 2, "another-key")];
  restreams.reload(STREAM);
  await reaches("live", 2);
  expect(second.connections()).toBe(1);
  current.targets = [];
  restreams.reload(STREAM);
  await until("both are told", () => first.ended() === 2 && second.ended() === 1);
  expect(statusOf()).toBeUndefined();
});

test("E-RTMP goes where it is taken", async () => {
  using service = startTarget();
  using stage = makeStage({ targets: [targetAt(service.port)] });
  const { broadcast, reaches } = stage;
  broadcast.push("video", 0, HEVC_KEYFRAME);
  await reaches("live");
  await until("it has arrived", () => service.media.some(({ payload }) => Bun.deepEquals(payload, HEVC_KEYFRAME)));
});

test.each([
  ["an address that may not be asked", (async () => null) as AddressLookup, "refused", "address"],
  ["a name that nobody knows", (async () => []) as AddressLookup, "retrying", "unresolved"],
] as const)("%s is not connected to", async (_, lookup, state, code) => {
  using service = startTarget();
  using stage = makeStage({ targets: [targetAt(service.port)], lookup });
  const { reaches, statusOf } = stage;
  await reaches(state);
  expect(statusOf()?.fault?.code).toBe(code);
  expect(service.connections()).toBe(0);
});

test("a key that can't be read is said to be so", async () => {
  using stage = makeStage({ targets: [targetAt(1, 1, null)] });
  const { reaches, statusOf } = stage;
  await reaches("refused");
  expect(statusOf()?.fault?.code).toBe("key");
});
