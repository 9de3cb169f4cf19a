import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { type Answer, makePoll, type Poll } from "./make-poll.ts";

class Visibility extends EventTarget {
  hidden = false;
  set(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let visibility: Visibility;
let poll: Poll | undefined;
let asked: (string | null)[];
let answers: Answer<number>[];
let heard: Answer<number>[];

beforeEach(() => {
  jest.useFakeTimers();
  visibility = new Visibility();
  asked = [];
  answers = [];
  heard = [];
});
afterEach(() => {
  poll?.stop();
  jest.useRealTimers();
});

function start(): Poll {
  poll = makePoll<number>({
    ask: async (etag) => {
      asked.push(etag);
      const answer = answers.shift() ?? { kind: "same" as const };
      if (answer.kind === "failed") throw new Error("offline");
      return answer;
    },
    onAnswer: (answer) => heard.push(answer),
    everyMs: 2000,
    visibility: visibility as unknown as Document,
  });
  return poll;
}

/** Lets answers arrive, then moves the clock. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve();
  jest.advanceTimersByTime(ms);
  for (let i = 0; i < 6; i++) await Promise.resolve();
}

test("asks at once, then with the tag of the last answer", async () => {
  answers = [{ kind: "changed", value: 1, etag: '"a"' }];
  start();
  await pass(2000);
  await pass(2000);
  expect(asked).toEqual([null, '"a"', '"a"']);
  expect(heard.map(({ kind }) => kind)).toEqual(["changed", "same", "same"]);
});

test("is silent in a hidden tab and asks the moment it is seen again", async () => {
  start();
  await pass(0);
  visibility.set(true);
  await pass(60_000);
  expect(asked.length).toBe(1);
  visibility.set(false);
  await pass(0);
  expect(asked.length).toBe(2);
});

test("slows down while the server is away, and recovers", async () => {
  answers = [{ kind: "failed" }, { kind: "failed" }, { kind: "changed", value: 2, etag: null }];
  start();
  await pass(3999);
  expect(asked.length).toBe(1);
  await pass(1);
  expect(asked.length).toBe(2);
  await pass(8000);
  expect(heard.map(({ kind }) => kind)).toEqual(["failed", "failed", "changed"]);
  await pass(2000);
  expect(asked.length).toBe(4);
});

test("never asks twice at once, and never after stop", async () => {
  const running = start();
  running.now();
  running.now();
  expect(asked.length).toBe(1);
  running.stop();
  await pass(60_000);
  expect([asked.length, heard.length]).toEqual([1, 0]);
});
