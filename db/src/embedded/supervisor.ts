/** Brings the cluster up, or finds it up. Everything here is called with the lock of the home held. */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database-error.ts";
import type { Log } from "../log.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { checkVersion, clusterExists, initialise, readPassword, removeDrafts, SETTINGS } from "./cluster.ts";
import { canEnter, chooseLocation, type Home, readLocation } from "./layout.ts";
import { clearStalePidFile, findPostmaster, type Postmaster, waitForEnd } from "./postmaster.ts";
import { findProcess, isAlive, type ProcessId } from "./processes.ts";
import { PLAIN_ENV } from "./run.ts";
import { asUser, deathSignalOptions, findServerUser, type ServerUser } from "./server-user.ts";

export interface Cluster {
  readonly clusterDir: string;
  readonly password: string;
  readonly postmaster: Postmaster;
}

export interface Settings {
  /** Seconds that the server goes on after its last owner died without closing. */
  readonly graceSeconds: number;
  readonly log: Log;
}

/** Crash recovery replays at most max_wal_size, which takes seconds; a slow disk may take longer. */
const READY_TIMEOUT_MS = 90_000;
const STOPPING_TIMEOUT_MS = 50_000;
const LOG_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 8;
const WATCHER = join(import.meta.dir, "watch-cluster.sh");

/** Returns the running cluster of this home: attached to, or recovered, or made and started. */
export async function ensureRunning(home: Home, settings: Settings): Promise<Cluster> {
  await letWatcherFinish(home);
  const known = readLocation(home);
  const found = known === null ? null : findPostmaster(known);
  if (known !== null && found !== null) {
    const postmaster = found.ready ? found : await waitForReady(home, known, findWatcher(home) ?? found.process, 0);
    if (findWatcher(home) === null) await startWatcher(home, settings, String(postmaster.process.pid), []);
    settings.log.info({ pid: postmaster.process.pid }, "attached to the running database");
    return { clusterDir: known, password: readPassword(home), postmaster };
  }

  const user = await findServerUser(known ?? join(home.folder, "cluster"));
  const clusterDir = known ?? (await chooseLocation(home, user, settings.log));
  const parent = dirname(clusterDir);
  if (user !== null && !(await canEnter(user, parent))) {
    throw new DatabaseError(
      "database.permission",
      `The database lies in ${clusterDir}, and the user that runs it can't enter ${parent} any more. Let others enter the folders above it again (chmod o+x), or move DATA_DIR back to where it was.`,
    );
  }
  const binaries = await findBinaries(user, user === null ? home.folder : home.systemFolder, settings.log);
  const password = readPassword(home);
  removeDrafts(clusterDir);
  if (clusterExists(clusterDir)) checkVersion(home, clusterDir, binaries);
  else await initialise(clusterDir, binaries, user, password);
  const postmaster = await start(home, clusterDir, binaries, user, settings);
  settings.log.info({ pid: postmaster.process.pid, port: postmaster.port }, "started the database");
  return { clusterDir, password, postmaster };
}

/** A watcher that is stopping the cluster is waited for: attaching now would be to a server that goes away. */
async function letWatcherFinish(home: Home): Promise<void> {
  const deadline = performance.now() + STOPPING_TIMEOUT_MS;
  const stopping = () => statSync(home.stoppingFile, { throwIfNoEntry: false }) !== undefined;
  while (stopping() && findWatcher(home) !== null && performance.now() < deadline) await sleep(50);
  rmSync(home.stoppingFile, { force: true });
}

async function start(
  home: Home,
  clusterDir: string,
  binaries: Binaries,
  user: ServerUser | null,
  settings: Settings,
): Promise<Postmaster> {
  const death = await deathSignalOptions();
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await clearStalePidFile(clusterDir);
    const server = [binaries.postgres, "-D", clusterDir, "-p", String(freePort())];
    for (const [name, value] of Object.entries(SETTINGS)) server.push("-c", `${name}=${value}`);
    const logStart = statSync(home.logFile, { throwIfNoEntry: false })?.size ?? 0;
    const watcher = await startWatcher(home, settings, "-", asUser(user, server, death));
    try {
      return await waitForReady(home, clusterDir, watcher, logStart);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      reason = error.message;
      // The port was taken in between, or the backends of a killed server are just ending: both pass.
      if (!/could not bind|Address already in use|could not create any TCP|shared memory block|lock file/.test(reason))
        throw error;
      await sleep(100 * 2 ** attempt);
    }
  }
  throw new DatabaseError("database.start-failed", reason);
}

/** A TCP port that is free at the moment; another process may take it before PostgreSQL does, then `start` tries the next one. */
function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** Waits for "ready" in postmaster.pid for as long as `witness` (the watcher, whose child it is) lives. */
async function waitForReady(home: Home, clusterDir: string, witness: ProcessId, logStart: number): Promise<Postmaster> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const postmaster = findPostmaster(clusterDir);
    if (postmaster?.ready) return postmaster;
    if (postmaster === null && !isAlive(witness)) throw startFailed(home, logStart);
    await sleep(20);
  }
  throw new DatabaseError(
    "database.start-failed",
    `The database was not ready within ${READY_TIMEOUT_MS / 1000} s. See ${home.logFile} for what it is doing.`,
  );
}

function startFailed(home: Home, logStart: number): DatabaseError {
  const log = readFileSync(home.logFile).subarray(logStart).toString("utf8");
  const lines = log
    .split("\n")
    .filter((line) => /(FATAL|PANIC|ERROR|setpriv|could not|cannot|error while loading)/.test(line));
  const why = lines.map((line) => line.replace(/^.*?\] /, "")).join(" ") || "no message";
  return new DatabaseError(
    "database.start-failed",
    `The database in ${home.dataDir} did not start: ${why} (see ${home.logFile}).`,
  );
}

export function findWatcher(home: Home): ProcessId | null {
  try {
    const id = JSON.parse(readFileSync(home.watcherFile, "utf8")) as ProcessId;
    return isAlive(id) ? id : null;
  } catch {
    return null;
  }
}

/** Starts the watcher in a session of its own, so that neither Ctrl-C nor the end of this process reaches it. */
async function startWatcher(home: Home, settings: Settings, adopt: string, command: string[]): Promise<ProcessId> {
  const log = openSync(home.logFile, "a", 0o600);
  try {
    const script = [
      "/bin/sh",
      WATCHER,
      home.folder,
      String(settings.graceSeconds),
      String(LOG_BYTES),
      adopt,
      ...command,
    ];
    const child = Bun.spawn(script, {
      cwd: "/",
      env: PLAIN_ENV,
      detached: true,
      stdin: "ignore",
      stdout: log,
      stderr: log,
    });
    child.unref();
    const id = findProcess(child.pid) ?? { pid: child.pid, started: "" };
    writeFileSync(home.watcherFile, JSON.stringify(id), { mode: 0o600 });
    return id;
  } finally {
    closeSync(log);
  }
}

/** The watcher ends by itself within a second after the server; this waits for it, so that nothing is left when `close` returns. */
export async function endWatcher(home: Home): Promise<void> {
  const watcher = findWatcher(home);
  if (watcher === null) return;
  // Its child is gone, so it has nothing left to do: no reason to wait for its next tick.
  process.kill(watcher.pid, "SIGKILL");
  await waitForEnd(watcher, 5_000);
}
