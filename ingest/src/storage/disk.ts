/** Storage on the local disk: a folder, its keys as paths below it. */
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ByteRange, checkKey, checkPrefix, type Storage, StorageError, type StoredFile } from "./storage.ts";

/** A file that is being written: no key begins with a dot. */
const UNFINISHED = ".";

export function openDiskStorage(folder: string): Storage {
  let written = 0;
  const pathOf = (key: string): string => join(folder, key);

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    const temporary = join(dirname(path), `${UNFINISHED}${process.pid}-${written++}`);
    const file = await open(temporary, "wx");
    try {
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  }

  async function* below(prefix: string): AsyncGenerator<StoredFile> {
    const entries = await orNothing(readdir(pathOf(prefix), { withFileTypes: true }), []);
    for (const entry of entries) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) yield* below(`${key}/`);
      else if (!entry.name.startsWith(UNFINISHED)) {
        const found = await orNothing(stat(pathOf(key)), null);
        if (found !== null) yield { key, size: found.size };
      }
    }
  }

  return {
    kind: "disk",
    async put(key, bytes) {
      const path = pathOf(checkKey(key));
      try {
        try {
          await write(path, bytes);
        } catch (error) {
          if (codeOf(error) !== "ENOENT") throw error;
          await mkdir(dirname(path), { recursive: true });
          await write(path, bytes);
        }
      } catch (error) {
        throw failure(error);
      }
    },
    async get(key) {
      return orNothing(readFile(pathOf(checkKey(key))), null);
    },
    async read(key, range?: ByteRange) {
      const file = Bun.file(pathOf(checkKey(key)));
      if (!(await file.exists())) return null;
      return range === undefined ? file : file.slice(range.start, range.end + 1);
    },
    list: (prefix) => below(checkPrefix(prefix)),
    async folders(prefix) {
      const entries = await orNothing(readdir(pathOf(checkPrefix(prefix)), { withFileTypes: true }), []);
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    async delete(key) {
      await orNothing(unlink(pathOf(checkKey(key))), undefined);
    },
    async remove(prefix) {
      try {
        await rm(pathOf(checkPrefix(prefix)), { recursive: true, force: true });
      } catch (error) {
        throw failure(error);
      }
    },
    async free(prefix) {
      try {
        // Its folder may not be there yet: the disk is that of the nearest one that is.
        const { bavail, bsize } = await statfs(await nearest(pathOf(checkPrefix(prefix))));
        return bavail * bsize;
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

async function nearest(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    if ((await orNothing(stat(path), null)) !== null || dirname(path) === path) return path;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

async function orNothing<T, N>(wanted: Promise<T>, nothing: N): Promise<T | N> {
  try {
    return await wanted;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return nothing;
    throw failure(error);
  }
}

/** EDQUOT: this user may have no more of the disk. */
function failure(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return new StorageError("storage.full", "The disk is full.");
  return new StorageError("storage.failed", `The disk said ${String(code ?? error)}.`);
}
