import { expect, test } from "bun:test";
import fc from "fast-check";
import { makeRooms } from "./rooms.ts";
import { type Wording, word } from "./wording.ts";

const wordingOf = (id: number): Wording => word({ type: "reset", topic: "t" }, `${id}-0`);

test("whoever stays hears all events of its topic in order, whoever comes and goes a part without a gap", async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant("tell" as const) },
    { weight: 1, arbitrary: fc.constant("enter" as const) },
    { weight: 1, arbitrary: fc.constant("leave" as const) },
    { weight: 2, arbitrary: fc.constant("pause" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, slice) => {
      const rooms = makeRooms(slice);
      const heard: number[][] = [];
      const enter = () => {
        const own: number[] = [];
        heard.push(own);
        const listener = { hear: ({ id }: Wording) => void own.push(Number.parseInt(id, 10)), miss: () => {} };
        rooms.enter("t", listener);
        return listener;
      };
      const stays = Array.from({ length: 5 }, enter);
      const visitors: ReturnType<typeof enter>[] = [];
      let told = 0;
      for (const each of steps) {
        if (each === "tell") rooms.tell("t", wordingOf(++told));
        else if (each === "enter") visitors.push(enter());
        else if (each === "leave") {
          const gone = visitors.shift();
          if (gone !== undefined) rooms.leave("t", gone);
        } else await new Promise((resolve) => setImmediate(resolve));
      }
      const all = Array.from({ length: told }, (_, index) => index + 1);
      while ((heard[stays.length - 1]?.length ?? 0) < told) await new Promise((resolve) => setImmediate(resolve));
      while (heard.slice(0, stays.length).some((own) => own.length < told))
        await new Promise((resolve) => setImmediate(resolve));
      for (const own of heard.slice(0, stays.length)) expect(own).toEqual(all);
      for (const own of heard) expect(own).toEqual(all.slice((own[0] ?? 1) - 1, (own[0] ?? 1) - 1 + own.length));
    }),
  );
});

test("an event for thousands lets others run in between", async () => {
  const rooms = makeRooms();
  let heard = 0;
  for (let count = 0; count < 1_000; count++) rooms.enter("t", { hear: () => void heard++, miss: () => {} });
  rooms.tell("t", wordingOf(1));
  expect(heard).toBe(250);
  while (heard < 1_000) await new Promise((resolve) => setImmediate(resolve));
});

test("more than can be handed out is left out, and said so", () => {
  const rooms = makeRooms(1);
  const heard: string[] = [];
  let missed = 0;
  for (const _ of [1, 2]) rooms.enter("t", { hear: ({ id }) => void heard.push(id), miss: () => void missed++ });
  for (let id = 1; id <= 1_100; id++) rooms.tell("t", wordingOf(id));
  expect([heard, missed]).toEqual([["1-0"], 2]);
});
