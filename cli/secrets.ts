/** The platform's secrets: those that the environment sets, or one made at the first start and kept in DATA_DIR, outside the database. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import { type Database, type KeyVault, type Log, makeKeyVault, queries } from "@streamhub/db";
import { Failure } from "./failure.ts";

export interface Secrets {
  /** Signs tokens. */
  readonly secret: string;
  /** Seals stream keys. */
  readonly vault: KeyVault;
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new Failure(`${path} can't be read. Start StreamHub as the user that owns it.`, "secret.unreadable");
  }
};

/** Two processes may start at once: the file is made exclusively, and whoever loses reads it. */
function generated(dataDir: string): string {
  const path = join(dataDir, "secret");
  const known = read(path);
  if (known !== null && known.length >= 32) return known;
  if (known !== null) throw new Failure(`${path} is damaged. Restore it, or set JWT_SECRET.`, "secret.damaged");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(48).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  return read(path) ?? "";
}

export function openSecrets(env: Pick<Env, "dataDir" | "jwtSecret" | "streamKeySecret">): Secrets {
  const secret = env.jwtSecret ?? generated(env.dataDir);
  return { secret, vault: makeKeyVault(env.streamKeySecret ?? secret) };
}

const OTHER_SECRET =
  "The stream keys were sealed with another secret. Set STREAM_KEY_SECRET (or JWT_SECRET, or the file secret in DATA_DIR) to what it was";

/** Before a command makes a key: one that is sealed with another secret than the server's would open nothing. */
export async function requireSameSecret(db: Database, vault: KeyVault): Promise<void> {
  if (await queries.keysAreForeign(db, vault)) throw new Failure(`${OTHER_SECRET}.`, "stream-keys.foreign");
}

/** At each start of a part that uses keys: seals those from before keys were sealed, and says when the secret can't be the right one. */
export async function sealKeys(db: Database, vault: KeyVault, log: Log): Promise<void> {
  const { sealed, foreign } = await queries.sealPlainKeys(db, vault);
  if (sealed > 0) log.info({ code: "stream-keys.sealed", count: sealed }, "Stream keys are sealed now");
  if (foreign) log.error({ code: "stream-keys.foreign" }, `${OTHER_SECRET}, or make new keys: no encoder is let in`);
}
