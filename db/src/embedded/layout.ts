/** Where everything of the embedded database lies. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseError } from "../database-error.ts";
import type { Log } from "../log.ts";
import { writeDurably } from "./durable-file.ts";
import { run } from "./run.ts";
import { asUser, type ServerUser } from "./server-user.ts";

export interface Home {
  /** Real path of DATA_DIR. */
  readonly dataDir: string;
  /** DATA_DIR/database: password, log, lock, owners and, where it can be, the cluster. */
  readonly folder: string;
  readonly lockFile: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** Exists while the watcher stops the cluster. */
  readonly stoppingFile: string;
  /** Says where the cluster lies. */
  readonly locationFile: string;
  readonly watcherFile: string;
  /** For root only: what the server's user must reach lies here when DATA_DIR or the checkout is closed to it (a home of mode 700). */
  readonly systemFolder: string;
}

export function openHome(dataDirOption: string, systemFolder: string): Home {
  try {
    mkdirSync(dataDirOption, { recursive: true });
    const dataDir = realpathSync(dataDirOption);
    const folder = join(dataDir, "database");
    // 711: the server's user must get through to the cluster; the secrets inside are files of mode 600.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    return {
      dataDir,
      folder,
      lockFile: join(folder, "lock"),
      passwordFile: join(folder, "password"),
      logFile: join(folder, "postgres.log"),
      stoppingFile: join(folder, "stopping"),
      locationFile: join(folder, "location.json"),
      watcherFile: join(folder, "watcher"),
      systemFolder,
    };
  } catch (error) {
    throw new DatabaseError(
      "database.permission",
      `The folder ${dataDirOption} can't be made or entered (${(error as { code?: string }).code ?? "error"}). Give this user the right to, or set DATA_DIR to another folder.`,
    );
  }
}

interface Location {
  /** The DATA_DIR that the cluster was made for. */
  readonly dataDir: string;
  readonly clusterDir: string;
}

/** The recorded place of this home's cluster, or null before the first start. Follows a DATA_DIR that was moved; refuses one that was copied. */
export function readLocation(home: Home): string | null {
  if (!existsSync(home.locationFile)) return null;
  const { dataDir, clusterDir } = JSON.parse(readFileSync(home.locationFile, "utf8")) as Location;
  if (dataDir === home.dataDir) return clusterDir;
  const inside = join(dataDir, "database", "cluster") === clusterDir;
  if (inside) return writeLocation(home, join(home.folder, "cluster"));
  // The cluster lies elsewhere and has one owner. If the old folder still claims it, this one is a copy: sharing it would mix two installations.
  if (existsSync(join(dataDir, "database", "location.json"))) {
    throw new DatabaseError(
      "database.folder-copied",
      `${home.dataDir} is a copy of ${dataDir}, whose database lies in ${clusterDir} and was not copied. Remove ${home.folder} to begin with an empty database, and use pg_dump and pg_restore to carry the contents over.`,
    );
  }
  return writeLocation(home, clusterDir);
}

function writeLocation(home: Home, clusterDir: string): string {
  const location: Location = { dataDir: home.dataDir, clusterDir };
  writeDurably(home.locationFile, `${JSON.stringify(location)}\n`);
  return clusterDir;
}

/** Chooses, before the first start, where the cluster goes, and records it. Only called with the lock held. */
export async function chooseLocation(home: Home, user: ServerUser | null, log: Log): Promise<string> {
  const near = join(home.folder, "cluster");
  if (user === null || (await canEnter(user, home.folder))) return writeLocation(home, near);
  const key = createHash("sha256").update(home.dataDir).digest("hex").slice(0, 24);
  const folder = join(home.systemFolder, "clusters");
  makeReachable(home.systemFolder);
  makeReachable(folder);
  const far = join(folder, key);
  if (existsSync(far)) {
    // DATA_DIR was deleted and made anew, and with it the password. Data is never deleted here: it is put aside.
    const aside = `${far}.unclaimed-${Math.trunc(lstatSync(far).mtimeMs)}`;
    renameSync(far, aside);
    log.warn({ aside }, "found the database of a deleted DATA_DIR and put it aside; remove it when you don't need it");
  }
  // For whoever wonders what this folder is.
  writeFileSync(`${far}.txt`, `The database of StreamHub's DATA_DIR ${home.dataDir}\n`);
  log.info({ clusterDir: far }, "the database server's user can't enter DATA_DIR, so the cluster lies outside");
  return writeLocation(home, far);
}

/** A folder that everyone may enter, whatever our umask is. */
export function makeReachable(folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

/** Asked of the kernel, not read from mode bits: ACLs and mounts count too. */
export async function canEnter(user: ServerUser, folder: string): Promise<boolean> {
  return (await run(asUser(user, ["test", "-x", folder]))).exitCode === 0;
}
