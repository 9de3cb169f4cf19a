/** Opening the database for a command, beside a running server or without one. */
import { type DatabaseHandle, type KeyVault, migrate, openDatabase } from "@streamhub/db";
import { environment } from "./environment.ts";
import { makeLog } from "./log.ts";
import { openSecrets } from "./secrets.ts";

/** What a command works with. */
export interface CommandDatabase extends DatabaseHandle {
  /** Opened when it is first asked for: only some commands deal in keys. */
  readonly vault: KeyVault;
}

/** Opens, migrates, runs `use`, closes. A command is quiet: only what goes wrong is logged. */
export async function withDatabase<T>(use: (handle: CommandDatabase, applied: number) => Promise<T>): Promise<T> {
  const env = environment();
  const handle = await openDatabase({
    url: env.databaseUrl ?? undefined,
    dataDir: env.dataDir,
    log: makeLog("warn"),
    maxConnections: 2,
  });
  try {
    const applied = await migrate(handle);
    const opened = {
      ...handle,
      get vault() {
        return openSecrets(env).vault;
      },
    };
    return await use(opened, applied);
  } finally {
    await handle.close();
  }
}
