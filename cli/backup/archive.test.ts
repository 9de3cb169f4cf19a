import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Entry, makeArchiveWriter, readArchive } from "./archive.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "streamhub-archive-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function write(path: string, entries: readonly Entry[]): Promise<number> {
  const file = await open(path, "w");
  const archive = makeArchiveWriter(file);
  for (const { name, bytes } of entries) await archive.add(name, bytes);
  const size = await archive.finish();
  await file.close();
  return size;
}

async function read(path: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const { name, bytes } of readArchive(path)) found.push({ name, bytes: new Uint8Array(bytes) });
  return found;
}

const entriesOf = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z0-9./_-]{1,90}[a-z0-9]$/).filter((name) => name !== "end.json"),
    bytes: fc.uint8Array({ maxLength: 3_000 }),
  }),
  { maxLength: 6 },
);

test("what is written is read, and a foreign tar lists it", async () => {
  const path = join(folder, "law.tar");
  await fc.assert(
    fc.asyncProperty(entriesOf, async (entries) => {
      const size = await write(path, entries);
      expect(Bun.file(path).size).toBe(size);
      expect(await read(path)).toEqual(entries.map(({ name, bytes }) => ({ name, bytes: new Uint8Array(bytes) })));
      const listed = Bun.spawnSync(["tar", "-tf", path]).stdout.toString().trimEnd().split("\n");
      expect(listed).toEqual([...entries.map(({ name }) => name), "end.json"]);
    }),
    { numRuns: 40 },
  );
});

test("whatever byte is changed in contents, and wherever it breaks off, is noticed", async () => {
  const path = join(folder, "damaged.tar");
  const entries = [
    { name: "manifest.json", bytes: new Uint8Array(40).fill(1) },
    { name: "database/users.000000.copy.gz", bytes: new Uint8Array(1_500).fill(2) },
  ];
  await write(path, entries);
  const whole = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 2 * 512 + 1_500 }), async (at) => {
      const bytes = Buffer.from(whole);
      // Within contents; what pads a block is nobody's.
      const inContents = (at >= 512 && at < 552) || (at >= 1_536 && at < 3_036);
      if (!inContents) return;
      bytes[at] = bytes[at]! ^ 1;
      writeFileSync(path, bytes);
      expect(await failure(path)).toBe("backup.damaged");
    }),
    { numRuns: 60 },
  );
  // The two zero blocks at the end say nothing.
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length - 1_536 }), async (length) => {
      writeFileSync(path, whole.subarray(0, length));
      expect(await failure(path)).toBe("backup.damaged");
    }),
    { numRuns: 60 },
  );
});

test("what is no tar at all is said to be none; what is not there can't be read", async () => {
  const path = join(folder, "text.tar");
  writeFileSync(path, "Hello, this is no backup.\n".repeat(100));
  expect(await failure(path)).toBe("backup.damaged");
  expect(await failure(join(folder, "nothing.tar"))).toBe("backup.unreadable");
  expect(await failure(folder)).toBe("backup.unreadable");
});

test("a file that takes no more is told of, and giving up leaves no writer behind", async () => {
  const file = await open("/dev/full", "w");
  const archive = makeArchiveWriter(file);
  const filling = (async () => {
    for (let index = 0; index < 100; index++) await archive.add(`piece-${index}`, new Uint8Array(100_000));
    await archive.finish();
  })();
  expect(((await filling.catch((error) => error)) as { code?: string }).code).toBe("ENOSPC");
  await archive.abort();
  await file.close();
});

async function failure(path: string): Promise<string | undefined> {
  try {
    await read(path);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
