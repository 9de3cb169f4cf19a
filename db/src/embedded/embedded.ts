/** The embedded database as one owner sees it: opened, kept up while it is open, closed, and stopped by whoever closes last. */
import { connect as connectTcp } from "node:net";
import postgres from "postgres";
import { type Connect, clientOptions } from "../connect.ts";
import { DatabaseError, errorCode } from "../database-error.ts";
import type { Log } from "../log.ts";
import { ADMIN_ROLE, DATABASE, ROLE } from "./cluster.ts";
import { type Home, openHome } from "./layout.ts";
import { withLock } from "./lock.ts";
import { countOwners, registerOwner } from "./owners.ts";
import { findPostmaster, stopPostmaster } from "./postmaster.ts";
import { isAlive } from "./processes.ts";
import { type Cluster, endWatcher, ensureRunning, findWatcher } from "./supervisor.ts";

export interface Embedded {
  readonly connect: Connect;
  /** For people and logs: no password. */
  readonly url: string;
  /** The last owner's release stops the server. Idempotent, bounded (about half a minute at worst), never throws. */
  release(): Promise<void>;
}

/** The lock may be held by someone who makes the cluster, recovers it or stops it. */
const LOCK_TIMEOUT_MS = 150_000;
const RELEASE_LOCK_TIMEOUT_MS = 40_000;
const CHECK_MS = 1_000;
const MAX_CHECK_MS = 15_000;

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly graceSeconds: number;
  /** Where root puts what the server's user can't reach otherwise. */
  readonly systemFolder: string;
  readonly log: Log;
}

export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { graceSeconds, log } = options;
  const home = openHome(options.dataDir, options.systemFolder);
  // Before anything else: from here on the watcher doesn't stop the server.
  const unregister = registerOwner(home.folder);
  const settings = { graceSeconds, log };
  let cluster: Cluster;
  try {
    cluster = await withLock(home.lockFile, LOCK_TIMEOUT_MS, async () => {
      const running = await ensureRunning(home, settings);
      await prepare(home, running);
      return running;
    });
  } catch (error) {
    unregister();
    throw error;
  }

  // PostgreSQL itself may be killed or fail: while we own it, it is brought up again, perhaps on another port.
  let checkMs = CHECK_MS;
  let closing = false;
  const check = async () => {
    const lives = isAlive(cluster.postmaster.process);
    if (closing || (lives && findWatcher(home) !== null)) return;
    log.warn({ code: "database.died" }, `the database's ${lives ? "watcher" : "server"} is gone; starting it again`);
    try {
      cluster = await withLock(home.lockFile, LOCK_TIMEOUT_MS, async () =>
        // Closed while this waited for the lock: starting it now would be for nobody.
        closing ? cluster : ensureRunning(home, settings),
      );
      checkMs = CHECK_MS;
    } catch (error) {
      checkMs = Math.min(checkMs * 2, MAX_CHECK_MS);
      log.error(
        { code: errorCode(error) },
        error instanceof Error ? error.message : "the database server can't be started",
      );
    }
  };
  const schedule = (): Timer => {
    const timer = setTimeout(() => {
      void check().finally(() => {
        if (!closing) pending = schedule();
      });
    }, checkMs);
    timer.unref();
    return timer;
  };
  let pending = schedule();

  let released: Promise<void> | undefined;
  const release = async () => {
    closing = true;
    clearTimeout(pending);
    try {
      await withLock(home.lockFile, RELEASE_LOCK_TIMEOUT_MS, () => leave(home, cluster.clusterDir, unregister));
    } catch (error) {
      // Not owning it any more is enough: the watcher does the rest.
      unregister();
      log.warn({ code: errorCode(error) }, "left stopping the database to its watcher");
    }
  };
  return {
    connect: (max) => clusterClient(cluster, ROLE, DATABASE, max),
    url: `postgres://${ROLE}@127.0.0.1:${cluster.postmaster.port}/${DATABASE}`,
    release: () => {
      released ??= release();
      return released;
    },
  };
}

async function leave(home: Home, clusterDir: string, unregister: () => void): Promise<void> {
  unregister();
  if (countOwners(home.folder) > 0) return;
  const postmaster = findPostmaster(clusterDir);
  if (postmaster !== null) await stopPostmaster(postmaster.process);
  await endWatcher(home);
}

/** A client of the cluster that asks for the port at every connect, as a restarted server may listen on another one. */
function clusterClient(cluster: Cluster, user: string, database: string, max: number) {
  // The driver must get a socket whatever happens: when this function throws, the connection's place in its pool is lost for good.
  // Port 9 (discard) refuses, as a stopped server's port would.
  const socket = () =>
    connectTcp({ host: "127.0.0.1", port: findPostmaster(cluster.clusterDir)?.port || 9, noDelay: true });
  const options = { ...clientOptions, user, database, password: cluster.password, max, socket };
  return postgres(options as postgres.Options<Record<string, never>>);
}

/** Makes the role and the database that StreamHub uses, unless they exist: again at every opening, as a crash may have come in between. */
async function prepare(home: Home, cluster: Cluster): Promise<void> {
  const admin = clusterClient(cluster, ADMIN_ROLE, "postgres", 1);
  try {
    // A failing statement would be logged with the password in it.
    await admin.unsafe("set log_min_error_statement = 'panic'");
    const [found] = await admin<{ role: boolean; database: boolean }[]>`
      select exists (select from pg_roles where rolname = ${ROLE}) as role,
             exists (select from pg_database where datname = ${DATABASE}) as database`;
    // base64url needs no quoting.
    if (!found?.role) await admin.unsafe(`create role ${ROLE} login password '${cluster.password}'`);
    if (!found?.database) await admin.unsafe(`create database ${DATABASE} owner ${ROLE}`);
  } catch (error) {
    if (errorCode(error) !== "28P01") throw error;
    throw new DatabaseError(
      "database.login-refused",
      `The password in ${home.passwordFile} is not the one that the database in ${cluster.clusterDir} was made with. Put the old file back.`,
    );
  } finally {
    await admin.end({ timeout: 5 });
  }
}
