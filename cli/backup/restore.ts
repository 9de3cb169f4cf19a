/** `streamhub restore`: a platform as it was when the backup was made, in an instance that is empty or may be overwritten. */
import { mkdirSync } from "node:fs";
import { isEmptyDatabase, loadDatabase, migrate, openDatabase, queries } from "@streamhub/db";
import { RECORDINGS } from "@streamhub/ingest/recording/names";
import { defineCommand } from "citty";
import { environment } from "../environment.ts";
import { Failure } from "../failure.ts";
import { claimInstance } from "../instance.ts";
import { makeLog } from "../log.ts";
import { jsonArg, print } from "../output.ts";
import { openSecrets } from "../secrets.ts";
import { damaged, type Entry, readArchive } from "./archive.ts";
import { type Manifest, readManifest, tableOf } from "./manifest.ts";
import { hasRecordings, type MediaTarget, makeMediaTarget, storageOf } from "./media.ts";

interface Restored {
  /** ISO 8601: the state that is there now is of this moment. */
  readonly at: string;
  readonly migrations: number;
  readonly files: number;
  /** True: the secret of this environment opens no stream key of the backup. */
  readonly hasForeignKeys: boolean;
}

/** Reads all of it once before anything is touched: a damaged backup must not replace what is there. */
async function verify(path: string): Promise<Manifest> {
  let manifest: Manifest | null = null;
  for await (const entry of readArchive(path)) manifest ??= readManifest(path, entry);
  if (manifest === null) throw damaged(path, "it is empty");
  return manifest;
}

async function restore(path: string, force: boolean): Promise<Restored> {
  const env = environment();
  const manifest = await verify(path);
  mkdirSync(env.dataDir, { recursive: true, mode: 0o700 });
  // Also keeps a server of this DATA_DIR from starting meanwhile.
  const release = claimInstance(env.dataDir);
  try {
    const log = makeLog("warn");
    const handle = await openDatabase({
      url: env.databaseUrl ?? undefined,
      dataDir: env.dataDir,
      log,
      maxConnections: 1,
    });
    try {
      const storage = storageOf(env);
      const isEmpty = (await isEmptyDatabase(handle)) && !(await hasRecordings(storage));
      if (!isEmpty && !force) {
        throw new Failure(
          "This instance has data of its own. Restore into an empty DATA_DIR and database, or say --force to lose what is there.",
          "restore.not-empty",
        );
      }
      if (!isEmpty && manifest.hasMedia) await storage.remove(RECORDINGS);
      const media = makeMediaTarget(env.dataDir, storage);
      let files = 0;
      try {
        await loadDatabase(handle, manifest.database, async (load) => {
          for await (const entry of readArchive(path)) if (await take(entry, load.rows, media)) files++;
        });
      } catch (error) {
        await media.undo();
        throw error;
      }
      const migrations = await migrate(handle);
      const hasForeignKeys = await queries.keysAreForeign(handle.db, openSecrets(env).vault);
      return { at: manifest.at, migrations, files, hasForeignKeys };
    } finally {
      await handle.close();
    }
  } finally {
    release();
  }
}

/** True for a file; rows go to the database. What is neither is of a newer release, and left. */
async function take(
  entry: Entry,
  rows: (table: string, bytes: Uint8Array) => Promise<void>,
  media: MediaTarget,
): Promise<boolean> {
  const table = tableOf(entry.name);
  if (table === null) return media.put(entry);
  await rows(table, Bun.gunzipSync(entry.bytes as Uint8Array<ArrayBuffer>));
  return false;
}

const FOREIGN =
  "\nStream keys were sealed with another secret than this environment's: set JWT_SECRET or STREAM_KEY_SECRET to what it was.";

export const restoreCommand = defineCommand({
  meta: {
    name: "restore",
    description: "Bring back what `backup` wrote, into an empty instance, with every server stopped",
  },
  args: {
    file: { type: "positional", required: true, valueHint: "FILE", description: "A file that `backup` wrote" },
    force: { type: "boolean", description: "Overwrite an instance that has data of its own" },
    ...jsonArg,
  },
  async run({ args }) {
    const done = await restore(args.file, args.force === true);
    const since = done.migrations === 0 ? "" : `, ${done.migrations} migrations applied`;
    const text = `Restored the state of ${done.at}: ${done.files} files${since}.${done.hasForeignKeys ? FOREIGN : ""}`;
    print(args.json, done, text);
  },
});
