/** A session that is recorded between an encoder and a server, and published again. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { MediaTag } from "../src/live/media-tag.ts";
import { openServer, type TestServer } from "../test/server/open-server.ts";
import { encodeHead, encodeRecorded, readRecording } from "./load/recording-file.ts";
import { freePort } from "./servers/server.ts";
import { runBench, SMALL, silentServer, startBench } from "./testing/bad-servers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-record-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = { format: "streamhub-recording", version: 1, date: "", app: "live", encoder: "" } as const;

test("a recording reads back as it was written, and as far as it goes when it is cut off", () => {
  const message = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("audio", "video", "script"),
    timestamp: fc.nat(2 ** 32 - 1),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(message), fc.nat(20), (messages, cut) => {
      const file = new Uint8Array(Buffer.concat([encodeHead(HEAD), ...messages.map(encodeRecorded as never)] as never));
      expect(readRecording(file)).toEqual({ head: HEAD, messages, isCut: false } as never);
      const short = readRecording(file.subarray(0, Math.max(encodeHead(HEAD).length, file.length - cut)));
      expect(short.messages).toEqual(messages.slice(0, short.messages.length) as never);
    }),
  );
  expect(() => readRecording(new TextEncoder().encode("no"))).toThrow("It is no recording");
});

/** What a server's broadcasts got, by kind. */
function watch(server: TestServer): { seen: MediaTag["kind"][] } {
  const watched = { seen: [] as MediaTag["kind"][] };
  server.registry.listen({
    onStart: (broadcast) =>
      void broadcast.subscribe({ onTag: (tag: MediaTag) => watched.seen.push(tag.kind), onEnd: () => {} } as never),
    onEnd() {},
  });
  return watched;
}

test("recorded and replayed, the key in no file", async () => {
  await using server = openServer();
  const port = await freePort();
  const file = join(folder, "session.rec");
  const url = `rtmp://127.0.0.1:${server.port}/live/x`;
  const recording = startBench("record", "--url", url, "--listen", String(port), "--out", file);
  await recording.until("waiting for an encoder");
  const through = `rtmp://127.0.0.1:${port}/live/SECRETKEY`;
  const published = await runBench("publish", "--url", through, "--duration", "1s", "--ramp", "0s", ...SMALL);
  expect([published.code, server.asked[0]?.key]).toEqual([0, "SECRETKEY"]);
  const recorded = await recording.done;
  expect(recorded.code).toBe(0);
  const bytes = await Bun.file(file).bytes();
  expect(Buffer.from(bytes).includes("SECRETKEY")).toBe(false);
  const { messages, head } = readRecording(bytes);
  expect(head).toMatchObject({ app: "live", encoder: expect.stringContaining("FMLE") });
  expect(messages.length).toBeGreaterThan(20);

  await using other = openServer();
  const watched = watch(other);
  const target = ["--url", `rtmp://127.0.0.1:${other.port}/live/again`];
  const replayed = await runBench("replay", "--file", file, ...target, "--speed", "max");
  expect([replayed.code, replayed.out]).toEqual([
    0,
    expect.stringMatching(new RegExp(`messages +${messages.length} `)),
  ]);
  expect(watched.seen.filter((kind) => kind === "video").length).toBeGreaterThan(10);
});

test("no encoder, no server, no recording", async () => {
  using silent = silentServer();
  const target = ["--url", `rtmp://127.0.0.1:${silent.port}/live/x`];
  const none = await runBench("record", ...target, "--listen", "0", "--out", join(folder, "no.rec"), "--wait", "200ms");
  expect([none.code, none.errors]).toEqual([1, expect.stringContaining("No encoder published within 200ms")]);
  const missing = await runBench("replay", ...target, "--file", join(folder, "none.rec"));
  expect([missing.code, missing.errors]).toEqual([2, expect.stringContaining("can't be read")]);
  const wrong = join(folder, "wrong.rec");
  await Bun.write(wrong, "something else\n");
  const other = await runBench("replay", ...target, "--file", wrong);
  expect([other.code, other.errors]).toEqual([2, expect.stringContaining("It is no recording")]);
});
