/** The files of a platform that are part of its backup: recordings (disk or bucket), pictures, and what DATA_DIR alone knows. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import { RECORDINGS, recordingPrefix } from "@streamhub/ingest/recording/names";
import { openDiskStorage } from "@streamhub/ingest/storage/disk";
import { openS3Storage } from "@streamhub/ingest/storage/s3";
import type { Storage } from "@streamhub/ingest/storage/storage";
import type { Entry } from "./archive.ts";

/** Without them stream keys can't be read, and no restart recognises what it left live. */
const OWN_FILES = ["secret", "node-id"] as const;
const UPLOADS = "uploads/";
const PICTURE = /^uploads\/[\w-]{1,80}\.webp$/;

export const storageOf = (env: Pick<Env, "dataDir" | "s3">): Storage =>
  env.s3 === null ? openDiskStorage(env.dataDir) : openS3Storage(env.s3);

async function bytesOf(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}

export async function* ownFiles(dataDir: string): AsyncGenerator<Entry> {
  for (const name of OWN_FILES) {
    const bytes = await bytesOf(join(dataDir, name));
    if (bytes !== null) yield { name, bytes };
  }
}

/** What is deleted meanwhile is left out, as its row is then gone or about to go. */
export async function* pictures(dataDir: string): AsyncGenerator<Entry> {
  const names = await readdir(join(dataDir, UPLOADS)).catch(() => []);
  for (const file of names.sort()) {
    const name = `${UPLOADS}${file}`;
    const bytes = PICTURE.test(name) ? await bytesOf(join(dataDir, name)) : null;
    if (bytes !== null) yield { name, bytes };
  }
}

/** Tries to read a journal that is being turned into an index. */
const ATTEMPTS = 5;

/**
 * One recording, also one that grows: its journal first, then the files, so that whatever the journal tells of is there. Of one that ends at that
 * moment the journal disappears in favour of an index: it is looked at again.
 */
export async function* recordingFiles(storage: Storage, streamId: number): AsyncGenerator<Entry> {
  const prefix = recordingPrefix(streamId);
  const isText = (key: string) => key.endsWith(".jsonl");
  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of storage.list(prefix)) found.push(key);
    return found.sort();
  }
  async function texts(): Promise<Entry[] | null> {
    const read: Entry[] = [];
    for (const name of (await keys()).filter(isText)) {
      const bytes = await storage.get(name);
      if (bytes === null) return null;
      read.push({ name, bytes });
    }
    return read;
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const told = await texts();
    if (told === null) continue;
    yield* told;
    break;
  }
  for (const name of (await keys()).filter((key) => !isText(key))) {
    const bytes = await storage.get(name);
    if (bytes !== null) yield { name, bytes };
  }
}

export interface MediaTarget {
  /** False for an entry that is none of the files. */
  put(entry: Entry): Promise<boolean>;
  /** Takes away the recordings that were put, after a failure. */
  undo(): Promise<void>;
}

export const hasRecordings = async (storage: Storage): Promise<boolean> =>
  (await storage.folders(RECORDINGS)).length > 0;

export function makeMediaTarget(dataDir: string, storage: Storage): MediaTarget {
  const prefixes = new Set<string>();
  return {
    async put({ name, bytes }) {
      if (OWN_FILES.some((own) => own === name)) await writeFile(join(dataDir, name), bytes, { mode: 0o600 });
      else if (PICTURE.test(name)) {
        await mkdir(join(dataDir, UPLOADS), { recursive: true });
        await writeFile(join(dataDir, name), bytes);
      } else if (name.startsWith(RECORDINGS)) {
        prefixes.add(name.split("/", 2).join("/"));
        await storage.put(name, bytes);
      } else return false;
      return true;
    },
    async undo() {
      for (const prefix of prefixes) await storage.remove(`${prefix}/`);
    },
  };
}
