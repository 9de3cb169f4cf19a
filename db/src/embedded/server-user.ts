/**
 * PostgreSQL refuses to run as root. So under root its programs run as an account of their own, `streamhub`: not `postgres`, which may
 * own a cluster of the distribution's, and not `nobody`, which other daemons share (either could read our files).
 */
import { statSync } from "node:fs";
import { DatabaseError } from "../database-error.ts";
import { run } from "./run.ts";

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const NAME = "streamhub";
const SETPRIV = "setpriv";

/** Who PostgreSQL runs as: null means "as we are". An existing cluster keeps its owner, also when root opens an ordinary user's folder. */
export async function findServerUser(clusterDir: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  if (Bun.which(SETPRIV) === null) {
    throw new DatabaseError(
      "database.no-server-user",
      "As root, the embedded PostgreSQL needs setpriv to run as another user: install the package util-linux, start StreamHub as an ordinary user, or set DATABASE_URL.",
    );
  }
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp()) ?? (await create());
}

async function lookUp(): Promise<ServerUser | null> {
  const [uid, gid] = await Promise.all([run(["id", "-u", NAME]), run(["id", "-g", NAME])]);
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return null;
  return { uid: Number(uid.output.trim()), gid: Number(gid.output.trim()) };
}

async function create(): Promise<ServerUser> {
  const added = await run([
    "useradd",
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    NAME,
  ]);
  // Two servers that start at once may both add it; the second one is told that it exists.
  const user = await lookUp();
  if (user !== null) return user;
  throw new DatabaseError(
    "database.no-server-user",
    `As root, the embedded PostgreSQL runs as the user "${NAME}", which could not be added (useradd: ${added.output.trim() || "not found"}). Add it by hand, start StreamHub as an ordinary user, or set DATABASE_URL.`,
  );
}

/** The command line that runs `command` as `user`, with none of our groups and no way back to root. */
export function asUser(user: ServerUser | null, command: readonly string[], options: readonly string[] = []): string[] {
  if (user === null) return options.length === 0 ? [...command] : [SETPRIV, ...options, "--", ...command];
  const drop = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", "--no-new-privs"];
  return [SETPRIV, ...drop, ...options, "--", ...command];
}

let signalsWithParent: boolean | undefined;

/** setpriv's options that make the kernel stop PostgreSQL in order when its watcher dies by whatever cause; none where that doesn't exist. */
export async function deathSignalOptions(): Promise<string[]> {
  if (signalsWithParent === undefined) {
    const help = Bun.which(SETPRIV) === null ? "" : (await run([SETPRIV, "--help"])).output;
    signalsWithParent = help.includes("--pdeathsig");
  }
  return signalsWithParent ? ["--pdeathsig=INT"] : [];
}
