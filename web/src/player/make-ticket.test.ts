import { expect, test } from "bun:test";
import type { Sources } from "./engine.ts";
import { type Answer, makeTicket } from "./make-ticket.ts";

const tick = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

function stage(answers: Answer[], session?: string) {
  const asked: (string | undefined)[] = [];
  const sessions: string[] = [];
  const timers: { action: () => void; milliseconds: number }[] = [];
  const ready: Sources[] = [];
  const stop = makeTicket({
    issue: async (given) => {
      asked.push(given);
      return answers.shift() ?? "away";
    },
    session,
    onSession: (given) => sessions.push(given),
    onReady: (sources) => ready.push(sources),
    later: (action, milliseconds) => {
      const timer = { action, milliseconds };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  const pass = async () => {
    timers.shift()?.action();
    await tick();
  };
  return { asked, sessions, timers, ready, stop, pass };
}
const issued = (token: string, session = "s1"): Answer => ({
  token,
  session,
  expiresIn: 600,
  hls: `/live/a/master.m3u8?token=${token}`,
  dash: `/live/a/manifest.mpd?token=${token}`,
});

test("is renewed before its end, as the same player, and old addresses are made new", async () => {
  const at = stage([issued("one"), issued("two")], "s0");
  await tick();
  const [sources] = at.ready;
  expect(sources!.hls).toBe("/live/a/master.m3u8?token=one");
  expect(at.timers[0]!.milliseconds).toBe(480_000);
  await at.pass();
  expect(at.asked).toEqual(["s0", "s1"]);
  expect(at.ready).toHaveLength(1);
  expect(sources!.dash).toBe("/live/a/manifest.mpd?token=two");
  expect(sources!.fresh!("http://here/live/a/video/1.m4s?token=one&_HLS_msn=4#x")).toBe(
    "http://here/live/a/video/1.m4s?token=two&_HLS_msn=4#x",
  );
  expect(sources!.fresh!("http://here/live/time")).toBe("http://here/live/time");
});

test("asks again while nobody answers, and gives up when it may not", async () => {
  const at = stage(["away", "away", issued("one"), "away", issued("two"), "refused"]);
  await tick();
  await at.pass();
  expect(at.timers[0]!.milliseconds).toBe(5_000);
  await at.pass();
  expect(at.ready).toHaveLength(1);
  await at.pass();
  expect(at.timers[0]!.milliseconds).toBe(5_000);
  expect(at.ready[0]!.hls).toEndWith("one");
  await at.pass();
  expect(at.ready[0]!.hls).toEndWith("two");
  await at.pass();
  expect(at.timers).toHaveLength(0);
});

test("stops for good", async () => {
  const at = stage([issued("one"), issued("two")]);
  await tick();
  at.stop();
  expect(at.timers).toHaveLength(0);
  const early = stage([issued("one")]);
  early.stop();
  await tick();
  expect([early.ready.length, early.timers.length]).toEqual([0, 0]);
});
