/** The cluster on disk: making it, its version, its password, its settings. */
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseError } from "../database-error.ts";
import type { Binaries } from "./binaries.ts";
import { writeDurably } from "./durable-file.ts";
import type { Home } from "./layout.ts";
import { run } from "./run.ts";
import { asUser, type ServerUser } from "./server-user.ts";

/** Superuser of the cluster: only used to make the role and the database below. */
export const ADMIN_ROLE = "postgres";
/** What StreamHub logs in as: owner of its database, no superuser, so that an injected statement can't run programs or read files. */
export const ROLE = "streamhub";
export const DATABASE = "streamhub";

const INIT_TIMEOUT_MS = 120_000;

/** The password of both roles: made once, kept in a file that only we read. */
export function readPassword(home: Home): string {
  if (existsSync(home.passwordFile)) return readFileSync(home.passwordFile, "utf8").trim();
  const password = randomBytes(24).toString("base64url");
  writeDurably(home.passwordFile, `${password}\n`);
  return password;
}

/** Makes the cluster under another name and renames it: a crash in the middle leaves nothing that looks like a cluster. */
export async function initialise(
  clusterDir: string,
  binaries: Binaries,
  user: ServerUser | null,
  password: string,
): Promise<void> {
  // With our pid in the name: an initdb whose StreamHub was killed may still be writing under the name of that one.
  const draft = `${clusterDir}.new-${process.pid}`;
  const passwordFile = `${clusterDir}.pw-${process.pid}`;
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
    if (user !== null) {
      chownSync(draft, user.uid, user.gid);
      chownSync(passwordFile, user.uid, user.gid);
    }
    const command = [
      binaries.initdb,
      `--pgdata=${draft}`,
      `--username=${ADMIN_ROLE}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // PostgreSQL's own collation: the same order and case rules on every machine, whatever locales it has.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
    ];
    const { exitCode, output } = await run(asUser(user, command), INIT_TIMEOUT_MS);
    if (exitCode !== 0) {
      const reason = output.trim().split("\n").at(-1) ?? "";
      throw new DatabaseError(
        "database.init-failed",
        `The database could not be made in ${clusterDir} (initdb ended with ${exitCode}: ${reason}). Check free disk space and the folder's rights.`,
      );
    }
    renameSync(draft, clusterDir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Removes what a StreamHub that was killed while it made the cluster left beside it. */
export function removeDrafts(clusterDir: string): void {
  const folder = dirname(clusterDir);
  for (const name of readdirSync(folder)) {
    const [, rest] = name.split(`${basename(clusterDir)}.`);
    if (rest !== undefined && /^(new|pw)-\d+$/.test(rest)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

export const clusterExists = (clusterDir: string): boolean => existsSync(join(clusterDir, "PG_VERSION"));

/** Throws `database.version-mismatch` when these programs can't read the cluster; nothing has been touched then. */
export function checkVersion(home: Home, clusterDir: string, binaries: Binaries): void {
  const found = readFileSync(join(clusterDir, "PG_VERSION"), "utf8").trim();
  if (found === String(binaries.major)) return;
  const port = 54321;
  throw new DatabaseError(
    "database.version-mismatch",
    [
      `The database in ${clusterDir} was made by PostgreSQL ${found}, and this StreamHub brings PostgreSQL ${binaries.major}, which can't read it. Nothing has been changed. To carry the contents over:`,
      `1. With the programs of PostgreSQL ${found} (the StreamHub version that you had before, or your system's package postgresql-${found}), as the owner of that folder: pg_ctl -D ${clusterDir} -o "-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=" -w start`,
      `2. Dump (the password is in ${home.passwordFile}): pg_dump -h 127.0.0.1 -p ${port} -U ${ROLE} -Fc -f streamhub.dump ${DATABASE} && pg_ctl -D ${clusterDir} -m fast stop`,
      `3. Put the old database aside, keeping it until all is well: mv ${home.folder} ${home.folder}-${found}`,
      `4. Start StreamHub, which makes an empty database of version ${binaries.major}; while it runs, read its port from line 4 of the new cluster's postmaster.pid and its password from ${home.passwordFile}, then: pg_restore -h 127.0.0.1 -p PORT -U ${ROLE} -d ${DATABASE} --clean --if-exists streamhub.dump`,
    ].join("\n"),
  );
}

/** A small server for one machine that must lose nothing: modest memory, full durability, loopback only, no secrets in its log. */
export const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  // Socket paths are limited to 107 bytes, DATA_DIR is not: TCP only.
  unix_socket_directories: "",
  max_connections: "60",
  shared_buffers: "32MB",
  max_wal_size: "256MB",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  // Nothing replicates from here, so the write-ahead log can be the small kind, with no process to send it.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  max_worker_processes: "2",
  max_parallel_workers_per_gather: "0",
  io_method: "sync",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_checkpoints: "off",
  // Details and statements can hold values, such as a stream key in "Key (…) already exists".
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  log_parameter_max_length: "0",
  logging_collector: "off",
  cluster_name: "streamhub",
};
