/** Backup and restore by doing it: a platform that runs is written down, and comes back in another place. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  makeDataDir,
  type Publisher,
  probe,
  publish,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
  until,
} from "./e2e/server.ts";

setDefaultTimeout(180_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

function dataDir(): string {
  const path = makeDataDir();
  cleanUps.push(() => removeDataDir(path));
  return path;
}
function backupFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "streamhub-backups-"));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
}
async function start(folder: string): Promise<TestServer> {
  const server = await startServer({ dataDir: folder });
  cleanUps.push(() => server.killHard().catch(() => {}));
  return server;
}
function encoder(server: TestServer, seconds: number): Publisher {
  const publisher = publish(`${server.rtmp}/${server.streamKey}`, { seconds });
  cleanUps.push(() => publisher.stop());
  return publisher;
}

async function run(folder: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await streamhub([...args, "--json"], { env: { DATA_DIR: folder } });
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
async function failure(folder: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await streamhub([...args, "--json"], { env: { DATA_DIR: folder } });
  expect(code).not.toBe(0);
  return (JSON.parse(stdout === "" ? stderr : stdout) as { error: { code: string } }).error.code;
}
const names = (file: string): string[] => Bun.spawnSync(["tar", "-tf", file]).stdout.toString().trimEnd().split("\n");

async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}
/** Every byte of a recording's video, by its playlist. */
async function videoOf(server: TestServer, stream: number): Promise<Record<string, string>> {
  const base = `${server.site}/vod/${stream}/video`;
  const found: Record<string, string> = {};
  for (const name of (await textOf(`${base}/index.m3u8`)).match(/^\d+\.m4s$/gm) ?? [])
    found[name] = Bun.hash(await (await fetch(`${base}/${name}`)).bytes()).toString(16);
  return found;
}

test("a platform that is on air is written down, and comes back elsewhere: keys, recordings, and what was going on", async () => {
  const [first, folder, second] = [dataDir(), backupFolder(), dataDir()];
  const before = await start(first);
  await encoder(before, 6).exited;
  await until("the recording is there", () => textOf(`${before.site}/vod/1/master.m3u8`), 40);
  const video = await videoOf(before, 1);
  expect(Object.keys(video).length).toBeGreaterThan(1);
  // Over: the next one is another stream.
  await until(
    "it is over",
    async () => {
      const { stream } = (await (await fetch(`${before.site}/api/channels/1`)).json()) as { stream?: unknown };
      return stream === null || stream === undefined;
    },
    60,
  );
  encoder(before, 60);
  await until("it is live again", async () =>
    (await textOf(`${before.site}/live/${before.slug}/video/index.m3u8`)).includes(".m4s"),
  );
  await until("a second recording grows", async () => names2(first).length > 3);

  const made = await run(first, "backup", folder);
  const file = String(made.file);
  expect(made).toMatchObject({ recordings: 2, removed: [], bytes: statSync(file).size });
  // Rows, keys, recordings: for its owner alone.
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toHaveLength(1);
  await before.killHard();

  expect(await run(second, "restore", file)).toMatchObject({ migrations: 0, hasForeignKeys: false });
  const after = await start(second);
  expect(after.streamKey).toBe(before.streamKey);
  expect(await videoOf(after, 1)).toEqual(video);
  // What was on air when the backup was made ended with it, and is there up to that moment.
  await until("the broken recording is mended", () => textOf(`${after.site}/vod/2/master.m3u8`), 40);
  expect((await probe(`${after.site}/vod/2/master.m3u8`)).map(({ type }) => type).toSorted()).toEqual([
    "audio",
    "video",
  ]);
  encoder(after, 10);
  await until("the same key goes live", () => textOf(`${after.site}/live/${after.slug}/master.m3u8`));
});

/** Files of the second stream's recording. */
const names2 = (folder: string): string[] => {
  const path = join(folder, "recordings", "2");
  return existsSync(path) ? readdirSync(path, { recursive: true }).map(String) : [];
};

test("nothing is overwritten by a damaged backup, by mistake, or under a running server", async () => {
  const [first, folder, second] = [dataDir(), backupFolder(), dataDir()];
  const server = await start(first);
  const file = join(folder, "one.tar");
  await run(first, "backup", file);
  expect(await failure(first, "backup", file)).toBe("backup.exists");
  await run(first, "backup", file, "--force");
  expect(await failure(first, "restore", file)).toBe("instance.running");
  expect(await failure(first, "restore", join(folder, "none.tar"))).toBe("backup.unreadable");
  await server.stop();
  expect(await failure(first, "restore", file)).toBe("restore.not-empty");

  const broken = join(folder, "broken.tar");
  await Bun.write(broken, Bun.file(file));
  truncateSync(broken, statSync(broken).size - 3_000);
  expect(await failure(second, "restore", broken)).toBe("backup.damaged");
  expect(await failure(first, "restore", "--force", broken)).toBe("backup.damaged");
  expect((await streamhub(["channel", "key", "main"], { env: { DATA_DIR: first } })).stdout.trim()).toBe(
    server.streamKey,
  );

  // Into what has data, when it is said.
  await run(second, "seed");
  await run(second, "restore", "--force", file);
  expect((await streamhub(["channel", "key", "main"], { env: { DATA_DIR: second } })).stdout.trim()).toBe(
    server.streamKey,
  );
  expect((await streamhub(["channel", "key", "north-sea"], { env: { DATA_DIR: second } })).code).not.toBe(0);
});

test("a folder keeps the newest backups; the database alone is a small one; what can't be written leaves no half", async () => {
  const [first, folder] = [dataDir(), backupFolder()];
  expect(await failure(first, "backup", folder)).toBe("backup.nothing");
  await run(first, "seed");
  const made: string[] = [];
  for (let round = 0; round < 3; round++) {
    made.push(String((await run(first, "backup", folder, "--keep", "2", "--database-only")).file));
    // The moment in the name has seconds.
    await Bun.sleep(1_100);
  }
  expect(
    readdirSync(folder)
      .sort()
      .map((name) => join(folder, name)),
  ).toEqual(made.slice(1));
  expect(names(made[2]!).filter((name) => !name.startsWith("database/"))).toEqual([
    "manifest.json",
    "secret",
    "end.json",
  ]);
  expect(await failure(first, "backup", join(folder, "none", "x.tar"))).toBe("backup.unwritable");
  expect(readdirSync(folder)).toHaveLength(2);
});
