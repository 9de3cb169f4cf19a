/** Where the recordings of this node lie, and what is done about them at the start. */
import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import type { Bus, Database } from "@streamhub/db";
import type { Ingest, IngestOptions } from "@streamhub/ingest";
import type { Log } from "@streamhub/ingest/live/ports";
import { makeRecordingRegister, workOnRemovals } from "@streamhub/ingest/platform/index";
import { openDiskStorage } from "@streamhub/ingest/storage/disk";
import { openS3Storage } from "@streamhub/ingest/storage/s3";

/** `nodeId`: whose they are. */
export function recordingsOf(
  env: Env,
  db: Database,
  bus: Bus,
  nodeId: string,
): NonNullable<IngestOptions["recordings"]> {
  const disk = openDiskStorage(env.dataDir);
  return {
    storage: env.s3 === null ? disk : openS3Storage(env.s3),
    scratch: disk,
    cacheDir: join(env.dataDir, "cache"),
    register: makeRecordingRegister({ db, bus, nodeId }),
    retention: env.retention,
  };
}

/** Finishes what a crash has left, and removes what the API orders from now on. A storage that is away holds nobody up. */
export async function startRecordings(ingest: Ingest, bus: Bus, log: Log): Promise<void> {
  try {
    const recovered = await ingest.recoverRecordings();
    if (recovered > 0)
      log.warn(
        { code: "recordings.recovered", recordings: recovered },
        "Recordings that a crash had left open are ready",
      );
  } catch (error) {
    log.warn({ code: "recordings.not-recovered", error: String(error) }, "Recordings could not be looked through");
  }
  await workOnRemovals({ bus, remove: ingest.removeRecording, log });
}
