import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseError } from "./database-error.ts";
import { migrate } from "./migrate.ts";
import { openDatabase } from "./open.ts";
import { openScratchDatabase, type ScratchDatabase, silentLog } from "./scratch.ts";

setDefaultTimeout(60_000);

// The embedded server plays the outside one: by its URL and password it is like any other.
let server: ScratchDatabase;
let url: URL;
beforeAll(async () => {
  server = await openScratchDatabase();
  url = new URL(server.url);
  url.password = readFileSync(join(server.dataDir, "database", "password"), "utf8").trim();
});
afterAll(() => server.close());

const open = (text: string) => openDatabase({ url: text, dataDir: "/nonexistent", log: silentLog });

function withDatabase(name: string): string {
  const other = new URL(url);
  other.pathname = name;
  return other.href;
}

async function failure(text: string): Promise<DatabaseError> {
  const error = await open(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof DatabaseError)) throw new Error("opened, or failed with an error of another kind");
  return error;
}

test("an outside database by URL, the same from there on", async () => {
  const handle = await open(url.href);
  expect(handle.kind).toBe("outside");
  expect(handle.url).not.toContain(url.password);
  expect(await migrate(handle)).toBe(0);
  expect([...(await handle.sql`select current_database() as name`)]).toEqual([{ name: "streamhub" }]);
  await handle.close();
  await handle.close();
});

test.each([
  ["no URL at all", () => "nonsense", "database.bad-url"],
  ["another protocol", () => url.href.replace("postgres:", "mysql:"), "database.bad-url"],
  ["no database in it", () => withDatabase(""), "database.bad-url"],
  ["a wrong password", () => url.href.replace(url.password, "s3cret-wrong"), "database.login-refused"],
  ["a database that isn't there", () => withDatabase("elsewhere"), "database.missing"],
  ["nobody listening", () => "postgres://u:s3cret-wrong@127.0.0.1:9/db", "database.unreachable"],
  ["a host without a name", () => "postgres://u:s3cret-wrong@no-such-host.invalid/db", "database.unreachable"],
])("%s is said with a code and a sentence", async (_name, text, code) => {
  const error = await failure(text());
  expect(error.code).toBe(code as DatabaseError["code"]);
  expect(error.message).toMatch(/\.$/);
  for (const secret of [url.password, "s3cret-wrong"]) expect(Bun.inspect(error)).not.toContain(secret);
});
