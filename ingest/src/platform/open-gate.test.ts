import { expect, setDefaultTimeout, test } from "bun:test";
import { makeOpenGate } from "./open-gate.ts";

setDefaultTimeout(60_000);

const gate = makeOpenGate();
const admit = (key: string) => gate.admit({ key, connectionId: "c1", address: "127.0.0.1" });

test("any key that can be a name is the name", async () => {
  expect(await admit("bench_1")).toEqual({
    kind: "admitted",
    slug: "bench_1",
    channelId: null,
    streamId: null,
    visibility: "public",
    latency: "standard",
    quality: "source",
    secondEncoder: "refuse",
    remuxer: "auto",
    isRecorded: false,
    dvrSeconds: 0,
  });
  expect(await gate.recover()).toBe(0);
});

test.each(["", "Upper", "a b", "../x", "a/b", "x".repeat(65), "ключ"])("%p is refused with a sentence", async (key) => {
  expect(await admit(key)).toMatchObject({ kind: "refused", code: "publish.unknown-key" });
});
