import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeyVault, queries } from "@streamhub/db";
import { openScratchDatabase, type ScratchDatabase, silentLog } from "@streamhub/db/scratch";
import { makeCovers } from "./covers.ts";

setDefaultTimeout(120_000);

let handle: ScratchDatabase;
let folder: string;
let streamId: number;

beforeAll(async () => {
  handle = await openScratchDatabase();
  const vault = makeKeyVault("a secret for tests, 32 characters and more");
  const streamKey = "s3cret-key-of-one-for-tests";
  await queries.createChannel(handle.db, vault, { slug: "one", title: "One", streamKey });
  const result = await queries.goLive(handle.db, vault, { streamKey, nodeId: "n", staleAfterMs: 3_600_000 });
  if (result.kind !== "live") throw new Error(result.kind);
  streamId = result.streamId;
});
afterAll(() => handle.close());
beforeEach(async () => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), "streamhub-covers-"));
  await handle.sql`update streams set thumbnail_url = null`;
});

const open = () =>
  makeCovers({
    folder,
    set: (id, url, replaced) => queries.setStreamThumbnail(handle.db, id, url, replaced),
    log: silentLog,
  });
const shown = async () => (await handle.sql`select thumbnail_url from streams`)[0]!.thumbnail_url;

test("the stream shows it; the next one takes its place, and the place of the file before", async () => {
  const cover = open();
  await cover(streamId, Uint8Array.of(1));
  const first = await shown();
  expect(first).toMatch(/^\/uploads\/[A-Za-z0-9_-]{22}\.webp$/);
  await cover(streamId, Uint8Array.of(2));
  const second = await shown();
  expect(second).not.toBe(first);
  // Who has just read the first one's address still gets it.
  const names = (...urls: string[]) => urls.map((url) => url.slice("/uploads/".length)).sort();
  expect(readdirSync(folder).sort()).toEqual(names(first, second));
  await cover(streamId, Uint8Array.of(3));
  const third = await shown();
  expect(readdirSync(folder).sort()).toEqual(names(second, third));
  expect(await Bun.file(join(folder, second.slice("/uploads/".length))).bytes()).toEqual(Uint8Array.of(2));
});

test("one that its owner chose stays, and of streams that are gone nothing is left", async () => {
  await handle.sql`update streams set thumbnail_url = '/uploads/chosen.webp'`;
  const cover = open();
  await cover(streamId, Uint8Array.of(1));
  await cover(99_999, Uint8Array.of(1));
  expect(await shown()).toBe("/uploads/chosen.webp");
  expect(readdirSync(folder)).toEqual([]);
});

test("what can't be kept harms nothing", async () => {
  const cover = makeCovers({ folder: "/dev/null/uploads", set: async () => true, log: silentLog });
  await cover(streamId, Uint8Array.of(1));
  expect(await shown()).toBeNull();
});
