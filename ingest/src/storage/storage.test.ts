/** One contract, both adapters: the local disk, and S3 with a real server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDiskStorage } from "./disk.ts";
import { openS3Storage } from "./s3.ts";
import { type Storage, StorageError } from "./storage.ts";
import { startScratchS3 } from "./testing/scratch-s3.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

interface Opened {
  readonly storage: Storage;
  close(): unknown;
}

const ADAPTERS: Readonly<Record<Storage["kind"], () => Promise<Opened>>> = {
  async disk() {
    const folder = mkdtempSync(join(tmpdir(), "streamhub-storage-"));
    return { storage: openDiskStorage(join(folder, "deep")), close: () => rmSync(folder, { recursive: true }) };
  },
  async s3() {
    const server = await startScratchS3();
    return { storage: openS3Storage({ ...server, pageSize: 20 }), close: server.close };
  },
};

for (const [kind, open] of Object.entries(ADAPTERS)) {
  describe(`storage on ${kind}`, () => {
    let opened: Opened;
    let storage: Storage;
    beforeAll(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterAll(() => opened?.close());

    const listed = async (prefix: string) => (await Array.fromAsync(storage.list(prefix))).toSorted(byKey);
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
    const readAll = async (key: string, range?: { start: number; end: number }) => {
      const body = await storage.read(key, range);
      return body === null ? null : new Uint8Array(await new Response(body).arrayBuffer());
    };

    test("what is put is there, whole, until it is put anew", async () => {
      await storage.put("a/one.bin", bytes(1, 2, 3));
      expect(await storage.get("a/one.bin")).toEqual(Buffer.from([1, 2, 3]));
      await storage.put("a/one.bin", bytes(9));
      expect(new Uint8Array((await storage.get("a/one.bin"))!)).toEqual(bytes(9));
      await storage.put("a/empty.bin", bytes());
      expect((await storage.get("a/empty.bin"))!.length).toBe(0);
    });

    test("it is read as a whole and by ranges", async () => {
      const all = new Uint8Array(200_000).map((_, index) => index % 251);
      await storage.put("b/large.bin", all);
      expect(await readAll("b/large.bin")).toEqual(all);
      expect(await readAll("b/large.bin", { start: 0, end: 1 })).toEqual(all.subarray(0, 2));
      expect(await readAll("b/large.bin", { start: 99_000, end: 199_999 })).toEqual(all.subarray(99_000));
    });

    test("what is not there is null, an empty list, and removed already", async () => {
      expect(await storage.get("c/none.bin")).toBeNull();
      expect(await storage.read("c/none.bin")).toBeNull();
      expect(await listed("c/")).toEqual([]);
      expect(await storage.folders("c/")).toEqual([]);
      await storage.remove("c/");
    });

    test("lists, folders and removals keep to their prefix", async () => {
      for (const key of ["d/1/video/1.m4s", "d/1/video/2.m4s", "d/1/index.json", "d/12/index.json", "e/1/x"])
        await storage.put(key, bytes(1, 2));
      expect(await listed("d/1/")).toEqual([
        { key: "d/1/index.json", size: 2 },
        { key: "d/1/video/1.m4s", size: 2 },
        { key: "d/1/video/2.m4s", size: 2 },
      ]);
      expect((await storage.folders("d/")).toSorted()).toEqual(["1", "12"]);
      await storage.remove("d/1/");
      expect(await storage.folders("d/")).toEqual(["12"]);
      expect(await storage.get("d/1/video/2.m4s")).toBeNull();
      expect(await storage.get("e/1/x")).not.toBeNull();
      await storage.delete("e/1/x");
      await storage.delete("e/1/x");
      expect(await storage.get("e/1/x")).toBeNull();
    });

    test("more files than a page are listed and removed", async () => {
      const keys = Array.from({ length: 63 }, (_, index) => `f/${index}.bin`);
      for (let at = 0; at < keys.length; at += 10)
        await Promise.all(keys.slice(at, at + 10).map((key) => storage.put(key, bytes(1))));
      expect(await listed("f/")).toHaveLength(keys.length);
      await storage.remove("f/");
      expect(await listed("f/")).toEqual([]);
    }, 30_000);

    test("many writers of one file leave one of their files", async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => storage.put("g/same.bin", new Uint8Array(50_000).fill(index))),
      );
      const found = new Uint8Array((await storage.get("g/same.bin"))!);
      expect(found).toHaveLength(50_000);
      expect(new Set(found).size).toBe(1);
      expect(await listed("g/")).toHaveLength(1);
    });

    test("names that lead elsewhere are no keys", async () => {
      for (const key of ["../x", "a/../../x", "/a/b", "a/.hidden", "A/b", "a//b", "a"])
        await expect(storage.put(key, bytes(1))).rejects.toThrow(RangeError);
      expect(() => storage.list("a")).toThrow(RangeError);
    });

    test("free space is a number of bytes, or nobody knows", async () => {
      const free = await storage.free("a/");
      if (kind === "s3") expect(free).toBeNull();
      else expect(free).toBeGreaterThan(0);
    });
  });
}

test("a write that fails says why and leaves nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-storage-"));
  try {
    const storage = openDiskStorage(folder);
    await storage.put("a/b", bytes(1));
    // Where a folder is wanted there is a file.
    await expect(storage.put("a/b/c", bytes(1))).rejects.toThrow(StorageError);
    expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a service that is away fails in words, without its secrets", async () => {
  const away = { endpoint: "http://127.0.0.1:9", bucket: "x", accessKeyId: "who", secretAccessKey: "very-secret" };
  const storage = openS3Storage(away);
  const error = await storage.put("a/b", bytes(1)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StorageError);
  expect(String(error.message)).not.toContain("very-secret");
});
