/** The watcher by itself, over a process that only plays PostgreSQL. With the real one it is tested in embedded.test.ts. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../test/owners.ts";
import { makeScratch } from "../scratch.ts";
import { countOwners, registerOwner } from "./owners.ts";

setDefaultTimeout(60_000);

const place = makeScratch();
const home = dirname(place.dataDir);
const script = join(import.meta.dir, "watch-cluster.sh");
afterAll(() => place.remove());

function watch(pid: number, logBytes = 1_000_000) {
  return Bun.spawn(["/bin/sh", script, home, "0", String(logBytes), String(pid)], { stderr: "inherit" });
}

test("stays while an owner lives, whatever dead ones left, then stops the server and ends", async () => {
  const server = Bun.spawn(["sleep", "1000"]);
  const release = registerOwner(home);
  // A pid that is in use again: the same number, another start.
  writeFileSync(join(home, "owners", `${process.pid}.999`), "1\n");
  writeFileSync(join(home, "owners", "999999999.1"), "1\n");
  const log = join(home, "postgres.log");
  writeFileSync(log, "x".repeat(5_000));
  const watcher = watch(server.pid, 1_000);
  // It bounds the log at its first look, so when that has happened it has looked at the owners as well or is just about to.
  await until("the log is bounded", () => statSync(log).size === 0);
  expect(readFileSync(`${log}.1`, "utf8")).toHaveLength(5_000);
  expect(countOwners(home)).toBe(1);
  expect(existsSync(join(home, "owners", "999999999.1"))).toBe(false);
  expect(server.killed).toBe(false);

  release();
  await server.exited;
  expect(server.signalCode).toBe("SIGINT");
  expect(await watcher.exited).toBe(0);
  expect(existsSync(join(home, "stopping"))).toBe(false);
});

test("ends with its server, and when the folder is gone stops it too", async () => {
  const release = registerOwner(home);
  const first = Bun.spawn(["sleep", "1000"]);
  const firstWatcher = watch(first.pid);
  first.kill();
  expect(await firstWatcher.exited).toBe(0);
  release();

  const second = Bun.spawn(["sleep", "1000"]);
  mkdirSync(join(home, "other"));
  const gone = Bun.spawn(["/bin/sh", script, join(home, "other", "gone"), "0", "1000", String(second.pid)]);
  await second.exited;
  expect(second.signalCode).toBe("SIGINT");
  expect(await gone.exited).toBe(0);
});
