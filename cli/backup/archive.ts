/**
 * A backup as a file: a tar (POSIX ustar) that any tar can list and unpack. First `manifest.json`, last `end.json` with a SHA-256 over all that is
 * between, so that one that was cut short or damaged is known before anything is overwritten.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import { Failure } from "../failure.ts";

const END = "end.json";
/** A segment or a piece of a table; more is no backup of ours. */
const MAX_ENTRY = 1024 ** 3;

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ArchiveWriter {
  add(name: string, bytes: Uint8Array): Promise<void>;
  /** Writes the end and waits until the disk has all of it. Returns the size in bytes. */
  finish(): Promise<number>;
  /** Gives up: what was written so far is no backup. */
  abort(): Promise<void>;
}

export const damaged = (path: string, why: string): Failure =>
  new Failure(`${path} is not a whole backup: ${why}.`, "backup.damaged");

/** Binds an entry's name and length to its bytes. */
function account(hash: Hash, { name, bytes }: Entry): void {
  hash.update(`${name}\0${bytes.length}\0`).update(bytes);
}

/** The caller closes the file afterwards. */
export function makeArchiveWriter(file: FileHandle): ArchiveWriter {
  const hash = createHash("sha256");
  const mtime = new Date();
  const tar = pack();
  let entries = 0;
  let written = 0;
  const writing = (async () => {
    for await (const bytes of tar as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
      written += bytes.length;
    }
  })();
  // Told by the `put` that waits, or the next one.
  writing.catch(() => tar.destroy());

  /** Resolves when the bytes have left for the file: one entry is in memory at a time. */
  async function put({ name, bytes }: Entry): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    tar.entry({ name, size: bytes.length, mode: 0o600, mtime }, Buffer.from(bytes), (error) =>
      error ? reject(error) : resolve(),
    );
    await promise.catch(async (error) => {
      // The reason is that of the file, where there is one.
      await writing;
      throw error;
    });
  }

  return {
    async add(name, bytes) {
      account(hash, { name, bytes });
      entries++;
      await put({ name, bytes });
    },
    async finish() {
      await put({ name: END, bytes: Buffer.from(`${JSON.stringify({ entries, sha256: hash.digest("hex") })}\n`) });
      tar.finalize();
      await writing;
      await file.sync();
      return written;
    },
    async abort() {
      tar.destroy();
      await writing.catch(() => {});
    },
  };
}

/** Every entry in its order. Throws `backup.damaged` where the file breaks off or differs from what was written, at the latest at the end. */
export async function* readArchive(path: string): AsyncGenerator<Entry> {
  if (!(await stat(path).catch(() => null))?.isFile()) throw new Failure(`${path} can't be read.`, "backup.unreadable");
  const tar = extract();
  const reading = pipeline(createReadStream(path), tar);
  // Told by the loop, which the same error ends.
  reading.catch(() => {});
  const hash = createHash("sha256");
  let entries = 0;
  let isWhole = false;
  try {
    for await (const entry of tar) {
      const { name, size = 0 } = entry.header;
      if (isWhole || size > MAX_ENTRY) throw damaged(path, "StreamHub did not write it");
      const pieces: Uint8Array[] = [];
      for await (const piece of entry as AsyncIterable<Uint8Array>) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      if (bytes.length !== size) throw damaged(path, "it breaks off");
      if (name === END) {
        checkEnd(path, bytes, entries, hash);
        isWhole = true;
        continue;
      }
      entries++;
      account(hash, { name, bytes });
      yield { name, bytes };
    }
  } catch (error) {
    throw error instanceof Failure ? error : damaged(path, "it is no tar that StreamHub wrote, or breaks off");
  } finally {
    tar.destroy();
  }
  if (!isWhole) throw damaged(path, "it breaks off");
}

function checkEnd(path: string, bytes: Buffer, entries: number, hash: Hash): void {
  let end: { entries?: unknown; sha256?: unknown } = {};
  try {
    end = JSON.parse(bytes.toString());
  } catch {
    // Judged below.
  }
  if (end.entries !== entries || end.sha256 !== hash.digest("hex"))
    throw damaged(path, "its contents differ from what was written");
}
