import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { dirname, join } from "node:path";
import { makeScratch } from "../scratch.ts";
import { withLock } from "./lock.ts";

setDefaultTimeout(60_000);

const place = makeScratch();
const path = join(dirname(place.dataDir), "lock");
afterAll(() => place.remove());

/** Another process that takes the lock, says so, and keeps it until it is killed. */
async function startHolder() {
  const code = `const { withLock } = await import(${JSON.stringify(join(import.meta.dir, "lock.ts"))});
    await withLock(${JSON.stringify(path)}, 10_000, async () => { console.log("held"); await Bun.sleep(1e6); });`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });
  for await (const _ of child.stdout) break;
  return child;
}

test("one at a time within a process, in spite of awaits and failures", async () => {
  let inside = 0;
  const work = async () => {
    expect(++inside).toBe(1);
    await Bun.sleep(1);
    inside--;
    throw new Error("failed inside");
  };
  const all = await Promise.allSettled(Array.from({ length: 10 }, () => withLock(path, 30_000, work)));
  for (const outcome of all)
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "failed inside" } });
});

test("another process keeps it out, for a bounded time, and kill -9 of that one frees it", async () => {
  const holder = await startHolder();
  await expect(withLock(path, 100, async () => "in")).rejects.toMatchObject({ code: "database.folder-busy" });
  const waiting = withLock(path, 30_000, async () => "in");
  holder.kill("SIGKILL");
  expect(await waiting).toBe("in");
});
