import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import { type DatabaseHandle, type Log, queries } from "@streamhub/db";
import { makeCovers } from "@streamhub/ingest/platform/index";

/** What is done with the pictures that show streams afterwards: they lie with those that accounts send. */
export const coversOf = ({ dataDir }: Pick<Env, "dataDir">, db: DatabaseHandle["db"], log: Log) =>
  makeCovers({
    folder: join(dataDir, "uploads"),
    set: (streamId, url, replaced) => queries.setStreamThumbnail(db, streamId, url, replaced),
    log,
  });
