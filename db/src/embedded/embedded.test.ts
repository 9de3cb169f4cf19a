import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { locationOf, type OwnerProcess, postmasterOf, processesBelow, startOwner, until } from "../../test/owners.ts";
import { openDatabase } from "../open.ts";
import { makeScratch, silentLog } from "../scratch.ts";
import { findProcess, isAlive } from "./processes.ts";

setDefaultTimeout(90_000);

type Place = ReturnType<typeof makeScratch>;
const places: Place[] = [];
const owners: OwnerProcess[] = [];
/** Most tests use this one folder one after the other: making a cluster is what takes time. */
const shared = scratch();

function scratch(): Place {
  const place = makeScratch();
  places.push(place);
  return place;
}

async function start(place: Place, graceSeconds = 1): Promise<OwnerProcess> {
  const owner = await startOwner({ ...place, graceSeconds });
  owners.push(owner);
  expect(owner.opened.code).toBeUndefined();
  return owner;
}

const running = (place: Place) => processesBelow(dirname(place.dataDir));
const nothingRuns = (place: Place) => until("no process is left", () => running(place).length === 0);

// Killed owners leave their cluster to its watcher, so this also shows, after each test, that it goes away.
afterEach(async () => {
  for (const owner of owners.splice(0)) await owner.kill();
  for (const place of places) await nothingRuns(place);
});

afterAll(() => {
  for (const place of places) place.remove();
});

describe("one owner", () => {
  test("a closed database leaves no process, and the next start finds the data", async () => {
    const place = shared;
    const first = await start(place);
    await first.query("create table kept2 (n int)");
    await first.query("insert into kept2 values (7)");
    await first.close();
    expect(running(place)).toEqual([]);

    const second = await start(place);
    expect(await second.query("select n from kept2")).toEqual([{ n: 7 }]);
    await second.close();
  });

  test("secrets are files that only their owner reads; no command line or log holds the password", async () => {
    const place = shared;
    const owner = await start(place);
    const home = join(place.dataDir, "database");
    const password = readFileSync(join(home, "password"), "utf8").trim();
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(statSync(join(home, "password")).mode & 0o777).toBe(0o600);
    expect(statSync(locationOf(place.dataDir)).mode & 0o777).toBe(0o700);
    const shown = running(place).map((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    expect(shown.length).toBeGreaterThan(1);
    for (const text of [...shown, readFileSync(join(home, "postgres.log"), "utf8"), owner.opened.url ?? ""]) {
      expect(text).not.toContain(password);
    }
    // A violated constraint names its key to the client; the log must not keep it.
    await owner.query("create table keys (k text primary key)");
    await owner.query("insert into keys values ('s3cret-key')");
    expect((await owner.query("insert into keys values ('s3cret-key')"))[0]).toHaveProperty("error");
    const log = readFileSync(join(home, "postgres.log"), "utf8");
    expect(log).toContain("violates unique constraint");
    expect(log).not.toContain("s3cret-key");
    await owner.close();
  });

  test("is no superuser of its cluster, and the cluster is durable", async () => {
    const owner = await start(shared);
    const [row] = await owner.query(
      "select usesuper, current_setting('fsync') as fsync, current_setting('full_page_writes') as pages, current_setting('listen_addresses') as address from pg_user where usename = current_user",
    );
    expect(row).toEqual({ usesuper: false, fsync: "on", pages: "on", address: "127.0.0.1" });
    await owner.close();
  });

  test("close is idempotent, and a handle of the same process keeps the server up", async () => {
    const place = shared;
    const options = { ...place, log: silentLog, graceSeconds: 1 };
    const [first, second] = await Promise.all([openDatabase(options), openDatabase(options)]);
    expect(first.url).toBe(second.url);
    await Promise.all([first.close(), first.close()]);
    expect([...(await second.sql`select 1 as n`)]).toEqual([{ n: 1 }]);
    await second.close();
    expect(postmasterOf(place.dataDir)).toBeNull();
  });
});

describe("kill -9", () => {
  test("of the owner: the next one attaches to the same server and loses nothing", async () => {
    const place = shared;
    const first = await start(place, 60);
    await first.query("create table kept6 (n int)");
    await first.query("insert into kept6 select generate_series(1, 1000)");
    const server = postmasterOf(place.dataDir);
    await first.kill();
    expect(isAlive(server!)).toBe(true);

    const second = await start(place, 60);
    expect(postmasterOf(place.dataDir)).toEqual(server);
    expect(await second.query("select count(*)::int as n from kept6")).toEqual([{ n: 1000 }]);
    await second.close();
    expect(running(place)).toEqual([]);
  });

  test("of all owners: the watcher stops the server in order and ends", async () => {
    const place = shared;
    const both = [await start(place), await start(place)];
    for (const owner of both) await owner.kill();
    await nothingRuns(place);
    expect(readFileSync(join(place.dataDir, "database", "postgres.log"), "utf8")).toContain(
      "database system is shut down",
    );
    expect(existsSync(join(place.dataDir, "database", "stopping"))).toBe(false);
  });

  test("of owner, watcher and server at once: the next start recovers", async () => {
    const place = shared;
    const first = await start(place);
    await first.query("create table kept8 (n int)");
    await first.query("insert into kept8 values (7)");
    const pids = running(place);
    for (const pid of pids) killIfThere(pid);
    await first.kill();

    const second = await start(place);
    expect(await second.query("select n from kept8")).toEqual([{ n: 7 }]);
    await second.close();
  });

  test("of the server alone: its owner starts it again and its queries go on", async () => {
    const place = shared;
    const owner = await start(place);
    await owner.query("create table kept9 (n int)");
    const server = postmasterOf(place.dataDir)!;
    process.kill(server.pid, "SIGKILL");
    await until("another server runs", () => {
      const now = postmasterOf(place.dataDir);
      return now !== null && now.pid !== server.pid;
    });
    const other = await start(place);
    expect(await other.query("select count(*)::int as n from kept9")).toEqual([{ n: 0 }]);
    await other.close();
    expect(await owner.query("select count(*)::int as n from kept9")).toEqual([{ n: 0 }]);
    await owner.close();
  });

  test("of the watcher alone: the server isn't left without one", async () => {
    const place = shared;
    const owner = await start(place);
    const watcherFile = join(place.dataDir, "database", "watcher");
    const watcher = JSON.parse(readFileSync(watcherFile, "utf8")) as { pid: number };
    process.kill(watcher.pid, "SIGKILL");
    await until("another watcher runs", () => {
      const now = JSON.parse(readFileSync(watcherFile, "utf8")) as { pid: number };
      return now.pid !== watcher.pid && findProcess(now.pid) !== null && postmasterOf(place.dataDir) !== null;
    });
    await owner.kill();
    await nothingRuns(place);
  });

  test("while the cluster is being made: the next start makes it, and clears up", async () => {
    const place = scratch();
    const home = join(place.dataDir, "database");
    const half = () => (existsSync(home) ? readdirSync(home) : []).find((name) => name.startsWith("cluster.new-"));
    const killed = startOwner(place).catch((error: Error) => error.message);
    await until("initdb is at work", () => half() !== undefined);
    process.kill(Number(half()?.split("-")[1]), "SIGKILL");
    expect(await killed).toBe("the owner process ended");

    const owner = await start(place);
    expect(await owner.query("select 1 as n")).toEqual([{ n: 1 }]);
    await owner.close();
    await until("initdb of the killed one ended", () => running(place).length === 0);
    await (await start(place)).close();
    expect(readdirSync(home).filter((name) => name.startsWith("cluster"))).toEqual(["cluster"]);
  });

  test("a pid file that names someone else's process is no obstacle", async () => {
    const place = shared;
    await (await start(place)).close();
    // As after a reboot: the pid of the old server is taken by another program, here by this test.
    const pidFile = join(locationOf(place.dataDir), "postmaster.pid");
    writeFileSync(pidFile, `${process.pid}\n${locationOf(place.dataDir)}\n1\n1\n\n127.0.0.1\n\nready   \n`);
    await (await start(place)).close();
  });
});

describe("several", () => {
  test("processes on one folder share a server; it stops with the last one, in either order", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const place = shared;
      // At the same moment: one makes the cluster, the other one waits and attaches.
      const both = await Promise.all([start(place), start(place)]);
      expect(both[0]?.opened.url).toBe(both[1]?.opened.url);
      await both[order[0]]!.close();
      expect(await both[order[1]]!.query("select 1 as n")).toEqual([{ n: 1 }]);
      await both[order[1]]!.close();
      expect(running(place)).toEqual([]);
    }
  });

  test("folders at once have a server each", async () => {
    const all = [scratch(), shared];
    const [one, two] = await Promise.all(all.map((place) => start(place)));
    await one!.query("create table here (n int)");
    expect(one!.opened.url).not.toBe(two!.opened.url);
    expect(await two!.query("select to_regclass('here') is null as missing")).toEqual([{ missing: true }]);
    await Promise.all([one!.close(), two!.close()]);
  });
});

test("a cluster of another major version is told from a broken one, with the way over", async () => {
  const place = shared;
  await (await start(place)).close();
  writeFileSync(join(locationOf(place.dataDir), "PG_VERSION"), "15\n");
  const owner = await startOwner(place);
  writeFileSync(join(locationOf(place.dataDir), "PG_VERSION"), "18\n");
  expect(owner.opened.code).toBe("database.version-mismatch");
  for (const word of ["PostgreSQL 15", "PostgreSQL 18", "pg_dump", "pg_restore", "Nothing has been changed"]) {
    expect(owner.opened.message).toContain(word);
  }
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // A child of one that was killed before.
  }
}
