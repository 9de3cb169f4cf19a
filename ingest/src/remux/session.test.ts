import { describe, expect, test } from "bun:test";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { makeStartPace, type StartPace } from "../child/start-pace.ts";
import type { MediaTag } from "../live/media-tag.ts";
import type { Sample } from "../packager/track.ts";
import type { EpochPlan, Remuxer, RemuxSink } from "./remuxer.ts";
import { startRemuxSession } from "./session.ts";
import type { EpochSink, SessionLimits } from "./session-options.ts";
import { eventually, testBroadcast } from "./testing/flv.ts";

/** A remuxer under the test's hand: what it is given becomes samples when the test says so. */
class HandRemuxer implements Remuxer {
  readonly tags: MediaTag[] = [];
  queuedBytes = 0;
  isEnded = false;
  killedFor: string | null = null;
  constructor(
    readonly plan: EpochPlan,
    readonly sink: RemuxSink,
    readonly failures: number,
  ) {}
  push(tag: MediaTag): void {
    this.tags.push(tag);
  }
  end(): void {
    this.isEnded = true;
  }
  kill(reason: string): void {
    this.killedFor = reason;
    this.die(reason);
  }
  /** Everything so far comes out. */
  give(): void {
    const entry = new Uint8Array(8);
    this.sink.onTracks([
      { kind: "video", timescale: 1000, sampleEntry: entry, codecs: "avc1.64001f", width: 640, height: 360 },
    ]);
    for (const { timestamp, isKeyframe, payload } of this.tags.splice(0)) {
      const sample: Sample = { dts: timestamp - this.plan.base, cts: 0, isSync: isKeyframe, data: payload };
      this.sink.onSample(0, sample);
    }
  }
  die(reason = "shot"): void {
    this.sink.onEnd({ kind: "failed", reason, diagnosis: "" });
  }
  drain(): void {
    this.sink.onEnd({ kind: "drained" });
  }
}

function stage(
  limits: Partial<SessionLimits> = {},
  takeBack = (_from: Milliseconds): boolean => false,
  pace: StartPace | null = null,
) {
  const broadcast = testBroadcast("stage");
  const remuxers: HandRemuxer[] = [];
  const events: string[] = [];
  const clock: { now: number } = { now: broadcast.startedAt };
  const sink: EpochSink = {
    onEpoch: (tracks, startsAt) => void events.push(`epoch ${tracks.length} ${startsAt}`),
    onSample: (_track, { dts }) => void events.push(`sample ${dts}`),
    onEpochEnd: () => void events.push("epoch end"),
    takeBack(from) {
      events.push(`take back ${from}`);
      return takeBack(from);
    },
    onEnd: (failure) => void events.push(`end ${failure}`),
  };
  const session = startRemuxSession({
    broadcast,
    makeRemuxer(plan, out, failures) {
      const remuxer = new HandRemuxer(plan, out, failures);
      remuxers.push(remuxer);
      return remuxer;
    },
    whyNot: () => null,
    paceOf: () => pace,
    sink,
    now: () => ms(clock.now),
    log() {},
    limits: { minEpochMs: 0, backoffMs: 1, maxBackoffMs: 1, ...limits },
  });
  const config = (version: number): void => broadcast.push("video", 0, new Uint8Array([0x17, 0, 0, 0, 0, version]));
  const frame = (timestamp: number, isKey = false): void =>
    broadcast.push("video", timestamp, new Uint8Array([isKey ? 0x17 : 0x27, 1, 0, 0, 0, 9]));
  /** A keyframe every two seconds; a picture alone starts after the second that it waits for sound. */
  const run = (from: number, to: number): void => {
    for (let at = from; at < to; at += 100, clock.now += 100) frame(at, at % 2000 === 0);
  };
  return { broadcast, remuxers, events, session, clock, config, frame, run };
}

describe("remux session", () => {
  test("epochs are handed on whole and in order", () => {
    const { broadcast, remuxers, events, config, run } = stage();
    config(1);
    run(0, 2000);
    config(2);
    run(2000, 4000);
    // The first one is told to end; the second does not exist before it has.
    expect(remuxers).toHaveLength(1);
    expect(remuxers[0]!.isEnded).toBeTrue();
    remuxers[0]!.give();
    remuxers[0]!.drain();
    expect(remuxers).toHaveLength(2);
    expect(remuxers[1]!.plan.base).toBe(ms(2000));
    expect(remuxers[1]!.tags).toHaveLength(20);
    remuxers[1]!.give();
    broadcast.end();
    expect(remuxers[1]!.isEnded).toBeTrue();
    remuxers[1]!.drain();
    expect(events.filter((event) => !event.startsWith("sample"))).toEqual([
      "epoch 1 0",
      "epoch end",
      "epoch 1 2000",
      "epoch end",
      "end null",
    ]);
    expect(events.filter((event) => event.startsWith("sample"))).toHaveLength(40);
  });

  test("a broadcast that ends while an epoch waits still gives it out", () => {
    const { broadcast, remuxers, events, config, run } = stage();
    config(1);
    run(0, 2000);
    config(2);
    run(2000, 4000);
    broadcast.end();
    remuxers[0]!.drain();
    expect(remuxers).toHaveLength(2);
    expect(remuxers[1]!.isEnded).toBeTrue();
    remuxers[1]!.give();
    remuxers[1]!.drain();
    expect(events.at(-1)).toBe("end null");
  });

  test("one that died is replaced, from the cached keyframe when that can be taken back", async () => {
    const { remuxers, events, config, run } = stage({}, () => true);
    config(1);
    run(0, 5000);
    remuxers[0]!.give();
    remuxers[0]!.die();
    await eventually("a second remuxer", () => remuxers.length === 2);
    expect(remuxers[1]!.plan.base).toBe(ms(4000));
    expect(remuxers[1]!.failures).toBe(1);
    expect(events.slice(-2)).toEqual(["take back 4000", "epoch end"]);
    remuxers[1]!.give();
    // Its place on the timeline is the publisher's, not that of the replay.
    expect(events).toContain("epoch 1 4000");
  });

  test("what can't be taken back does not go out twice", async () => {
    const { session, remuxers, config, run } = stage();
    config(1);
    run(0, 5000);
    remuxers[0]!.give();
    remuxers[0]!.die();
    await eventually("the second subscription", () => session.counters.droppedTags > 0);
    run(5000, 8000);
    expect(remuxers).toHaveLength(2);
    expect(remuxers[1]!.plan.base).toBe(ms(6000));
  });

  test("failures in a row are bounded, and forgiven after a healthy while", async () => {
    const { broadcast, remuxers, events, session, clock, config, run } = stage(
      { maxFailures: 2, healthyMs: 60_000 },
      () => true,
    );
    config(1);
    run(0, 1500);
    for (let round = 1; round <= 4; round++) {
      await eventually(`remuxer ${round}`, () => remuxers.length === round);
      if (round === 2) clock.now += 60_000;
      remuxers[round - 1]!.give();
      remuxers[round - 1]!.die(`shot ${round}`);
    }
    expect(session.counters.restarts).toBe(4);
    expect(events.at(-1)).toBe("end the remuxer failed 3 times in a row: shot 4");
    run(1500, 4000);
    broadcast.end();
    expect(remuxers).toHaveLength(4);
    expect(events.filter((event) => event.startsWith("end "))).toHaveLength(1);
  });

  test("one that can't keep up loses frames up to a keyframe, not memory", () => {
    const { remuxers, session, config, run } = stage({ maxQueuedBytes: 1000 });
    config(1);
    run(0, 2500);
    remuxers[0]!.queuedBytes = 2000;
    run(2500, 5000);
    expect(session.counters.overflows).toBe(1);
    expect(remuxers[0]!.isEnded).toBeTrue();
    expect(session.counters.droppedTags).toBe(14);
    // It never drains: what waits for it is bounded as well.
    run(5000, 60_000);
    expect(session.counters.overflows).toBeGreaterThan(1);
    expect(remuxers).toHaveLength(1);
  });

  test("one that swallows and gives nothing is killed", () => {
    const { remuxers, clock, config, run } = stage({ stuckMs: 3000 });
    config(1);
    run(0, 2000);
    clock.now += 5000;
    run(2000, 5000);
    expect(remuxers[0]!.killedFor).toContain("nothing came out");
  });

  test("stop during the pause before a restart", async () => {
    const { remuxers, events, session, config, run } = stage({ backoffMs: 10_000, maxBackoffMs: 10_000 });
    config(1);
    run(0, 1500);
    remuxers[0]!.give();
    remuxers[0]!.die();
    session.stop();
    expect(events.slice(-2)).toEqual(["epoch end", "end null"]);
  });

  test("a jump of the publisher's clock is placed by its arrival", () => {
    const { remuxers, events, clock, config, run } = stage();
    config(1);
    run(0, 2000);
    clock.now += 7000;
    run(900_000, 902_000);
    remuxers[0]!.give();
    remuxers[0]!.drain();
    remuxers[1]!.give();
    const [first, second] = events
      .filter((event) => event.startsWith("epoch 1"))
      .map((event) => Number(event.slice(8)));
    expect(second! - first!).toBe(9000);
  });

  test("waits for its turn without losing a frame", () => {
    const turns: (() => void)[] = [];
    const pace: StartPace = {
      inTurn(start) {
        turns.push(start);
        return () => {};
      },
      waiting: 0,
    };
    const { remuxers, config, run } = stage({}, undefined, pace);
    config(1);
    run(0, 2000);
    expect(remuxers).toHaveLength(0);
    expect(turns).toHaveLength(1);
    turns[0]!();
    expect(remuxers[0]!.tags).toHaveLength(20);
  });

  test("a broadcast that ends before its turn goes out whole, and takes no turn", () => {
    const pace = makeStartPace({ burst: 1, interval: 60_000 });
    const [first, second] = [stage({}, undefined, pace), stage({}, undefined, pace)];
    for (const { config, run } of [first, second]) {
      config(1);
      run(0, 2000);
    }
    second.broadcast.end();
    expect(pace.waiting).toBe(0);
    expect(second.remuxers[0]!.tags).toHaveLength(20);
    expect(second.remuxers[0]!.isEnded).toBeTrue();
    second.remuxers[0]!.give();
    second.remuxers[0]!.drain();
    expect(second.events.at(-1)).toBe("end null");
  });
});
