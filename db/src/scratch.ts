/** A real database for tests: an embedded PostgreSQL in a folder of its own, gone afterwards with all its processes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "./log.ts";
import { migrate } from "./migrate.ts";
import { type DatabaseHandle, openDatabase } from "./open.ts";

export const silentLog: Log = { info() {}, warn() {}, error() {} };

export interface Scratch {
  readonly dataDir: string;
  /** Removes everything in it, whoever owns it. */
  remove(): void;
}

/** An empty DATA_DIR, with a system folder beside it for what root puts outside. */
export function makeScratch(): Scratch & { readonly systemFolder: string } {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-test-"));
  // mkdtemp makes mode 700. Most tests want a folder that the server's user can enter; those that don't close it themselves.
  Bun.spawnSync(["chmod", "755", folder]);
  return {
    dataDir: join(folder, "data"),
    systemFolder: join(folder, "system"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface ScratchDatabase extends DatabaseHandle {
  readonly dataDir: string;
}

/** A migrated, empty database. `close` stops it and removes its folder. */
export async function openScratchDatabase(log: Log = silentLog): Promise<ScratchDatabase> {
  const { dataDir, systemFolder, remove } = makeScratch();
  const handle = await openDatabase({ dataDir, systemFolder, log, graceSeconds: 1 });
  await migrate(handle);
  const close = async () => {
    await handle.close();
    remove();
  };
  return { ...handle, dataDir, close };
}

/** Empties every table, for the next test in the same database. */
export async function emptyTables(handle: DatabaseHandle): Promise<void> {
  await handle.sql`truncate users, channels, streams, stream_views, statistics, documents, document_versions, document_acceptances,
    sessions, refresh_tokens, stream_minutes, idempotency_keys, rollups restart identity cascade`;
}
