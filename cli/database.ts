/** Opening the database for a command, beside a running server or without one. */
import { type DatabaseHandle, migrate, openDatabase } from "@streamhub/db";
import { environment } from "./environment.ts";
import { makeLog } from "./log.ts";

/** Opens, migrates, runs `use`, closes. A command is quiet: only what goes wrong is logged. */
export async function withDatabase<T>(use: (handle: DatabaseHandle, applied: number) => Promise<T>): Promise<T> {
  const env = environment();
  const handle = await openDatabase({
    url: env.databaseUrl ?? undefined,
    dataDir: env.dataDir,
    log: makeLog("warn"),
    maxConnections: 2,
  });
  try {
    return await use(handle, await migrate(handle));
  } finally {
    await handle.close();
  }
}
