/** `streamhub backup`: database, recordings, pictures and secrets in one file, while the server runs. */
import { existsSync, statSync } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Database, hasTables, openDatabase, queries, type Snapshot, withSnapshot } from "@streamhub/db";
import { defineCommand } from "citty";
import { version } from "../../package.json";
import { environment } from "../environment.ts";
import { Failure, misuse } from "../failure.ts";
import { makeLog } from "../log.ts";
import { jsonArg, print } from "../output.ts";
import { type ArchiveWriter, type Entry, makeArchiveWriter } from "./archive.ts";
import { BACKUP_SETTING } from "./last-backup.ts";
import { makeManifest, pieceName } from "./manifest.ts";
import { ownFiles, pictures, recordingFiles, storageOf } from "./media.ts";

/** Bytes of a table that are held in memory at a time. */
const PIECE = 8 * 1024 ** 2;
const NAME = /^streamhub-\d{8}T\d{6}Z\.tar$/;

/** A folder gets a file with the moment in its name. */
function targetOf(path: string, at: Date, force: boolean): string {
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const target = isFolder ? join(path, `streamhub-${stamp}.tar`) : path;
  if (existsSync(target) && !force) throw new Failure(`${target} is there already: say --force.`, "backup.exists");
  return target;
}

async function addTables(archive: ArchiveWriter, snapshot: Snapshot): Promise<void> {
  for (const table of snapshot.head.tables) {
    let index = 0;
    let held: Uint8Array[] = [];
    let size = 0;
    const put = async () => {
      if (size === 0) return;
      await archive.add(pieceName(table.name, index++), Bun.gzipSync(Buffer.concat(held), { level: 6 }));
      held = [];
      size = 0;
    };
    for await (const bytes of snapshot.rows(table)) {
      held.push(bytes);
      size += bytes.length;
      if (size >= PIECE) await put();
    }
    await put();
  }
}

async function addAll(archive: ArchiveWriter, entries: AsyncIterable<Entry>): Promise<void> {
  for await (const { name, bytes } of entries) await archive.add(name, bytes);
}

interface Made {
  readonly file: string;
  readonly bytes: number;
  readonly recordings: number;
  /** Older backups that were removed. */
  readonly removed: readonly string[];
}

/** Written beside its place and renamed when the disk has it: what has the name is whole. */
async function writeWhole(target: string, fill: (archive: ArchiveWriter) => Promise<void>): Promise<number> {
  const draft = `${target}.partial`;
  const file = await open(draft, "w", 0o600).catch((error) => {
    throw new Failure(`${draft} can't be written (${(error as { code?: string }).code}).`, "backup.unwritable");
  });
  const archive = makeArchiveWriter(file);
  try {
    await fill(archive);
    const size = await archive.finish();
    await file.close();
    await rename(draft, target);
    return size;
  } catch (error) {
    await archive.abort();
    await file.close().catch(() => {});
    await rm(draft, { force: true });
    throw (error as { code?: string }).code === "ENOSPC"
      ? new Failure(`There is no room left for ${target}. What was there before is still there.`, "backup.no-room")
      : error;
  }
}

/** Those that this command made in a folder, but for the newest `keep`. */
async function removeOld(folder: string, keep: number): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const old = names.slice(0, Math.max(0, names.length - keep));
  for (const name of old) await rm(join(folder, name));
  return old;
}

interface Wanted {
  readonly path: string;
  readonly force: boolean;
  readonly keep: number | null;
  readonly hasMedia: boolean;
}

async function make({ path, force, keep, hasMedia }: Wanted): Promise<Made> {
  const env = environment();
  const at = new Date();
  const target = targetOf(path, at, force);
  if (keep !== null && target === path) throw misuse("--keep needs a folder to keep backups in.");
  // Not migrated first: before an upgrade, the backup is of what was there.
  const handle = await openDatabase({
    url: env.databaseUrl ?? undefined,
    dataDir: env.dataDir,
    log: makeLog("warn"),
    maxConnections: 2,
  });
  try {
    if (!(await hasTables(handle)))
      throw new Failure(
        "There is nothing of StreamHub in this database: no server has started with it.",
        "backup.nothing",
      );
    let recorded: readonly number[] = [];
    const bytes = await writeWhole(target, async (archive) => {
      await withSnapshot(handle, async (snapshot) => {
        recorded = hasMedia ? snapshot.recorded : [];
        const { name, bytes } = makeManifest({ version, at: at.toISOString(), database: snapshot.head, hasMedia });
        await archive.add(name, bytes);
        await addTables(archive, snapshot);
      });
      // After the rows: every file that they name is there by now, or is being deleted.
      await addAll(archive, ownFiles(env.dataDir));
      if (hasMedia) await addAll(archive, pictures(env.dataDir));
      const storage = storageOf(env);
      for (const streamId of recorded) await addAll(archive, recordingFiles(storage, streamId));
    });
    await remember(handle.db, at, bytes);
    const removed = keep === null ? [] : await removeOld(path, keep);
    return { file: target, bytes, recordings: recorded.length, removed };
  } finally {
    await handle.close();
  }
}

/** For whoever watches the age of the last one. */
const remember = (db: Database, at: Date, bytes: number): Promise<void> =>
  queries.writeSetting(db, BACKUP_SETTING, JSON.stringify({ at: at.toISOString(), bytes }));

function keepOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw misuse("--keep must be a number of backups, 1 or more.");
  return Number(text);
}

export const backupCommand = defineCommand({
  meta: {
    name: "backup",
    description: "Write database, recordings, pictures and secrets into one file, while the server runs",
  },
  args: {
    path: {
      type: "positional",
      required: true,
      valueHint: "FILE|FOLDER",
      description: "A file to write; in a folder that exists, one named after the moment",
    },
    force: { type: "boolean", description: "Overwrite FILE" },
    keep: { type: "string", valueHint: "N", description: "In a folder: remove older backups than the newest N" },
    "database-only": { type: "boolean", description: "Leave recordings and pictures out" },
    ...jsonArg,
  },
  async run({ args }) {
    const made = await make({
      path: args.path,
      force: args.force === true,
      keep: keepOf(args.keep),
      hasMedia: args["database-only"] !== true,
    });
    const size = `${(made.bytes / 1024 ** 2).toFixed(1)} MiB`;
    print(args.json, made, `Wrote ${made.file}: ${size}, ${made.recordings} recordings.`);
  },
});
