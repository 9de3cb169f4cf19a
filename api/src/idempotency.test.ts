/** The same request twice, over HTTP: one thing is made, whoever asks how often and how many at once. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import { startPlatform, type TestPlatform, type TestUser } from "../test/platform.ts";
import { creating } from "./idempotency.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser();
});
afterAll(async () => {
  expect(platform.failures).toEqual([]);
  await platform?.close();
});

interface Answer {
  readonly id?: number;
  readonly code?: string;
}

const create = (user: TestUser, key: string, body: object, path = "/api/channels") =>
  user.request("POST", path, body, { "idempotency-key": key });
const codeOf = async (answer: Promise<Response>) => {
  const response = await answer;
  const { code = "" } = (await response.json()) as Answer;
  return `${response.status} ${code}`.trim();
};
const channelsOf = async (user: TestUser) => {
  const rows = await platform.database.sql`select id from channels where user_id = ${user.id}`;
  return rows.length;
};

test("the answer of the first time comes again, word for word", async () => {
  const body = { title: "Twice", description: "One\ntwo" };
  const first = await create(ada, "key-1", body);
  const again = await create(ada, "key-1", { description: "One\ntwo", title: "Twice" });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect([first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")]).toEqual([
    null,
    "true",
  ]);
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
  expect(again.headers.get("cache-control")).toBe("no-store");
  expect(await again.json()).toEqual(await first.json());
  expect(await channelsOf(ada)).toBe(1);
});

test("without a key, or with another, it is another thing", async () => {
  const user = await platform.makeUser();
  const ids = new Set<number | undefined>();
  for (const headers of [{}, {}, { "idempotency-key": "a" }, { "idempotency-key": "A" }] as Record<string, string>[])
    ids.add(((await (await user.request("POST", "/api/channels", { title: "Same" }, headers)).json()) as Answer).id);
  expect(ids.size).toBe(4);
});

test("a key belongs to one request of one account", async () => {
  const [one, two] = [await platform.makeUser(), await platform.makeUser()];
  const channel = (await (await create(one, "shared", { title: "One" })).json()) as { id: number };
  expect(await codeOf(create(one, "shared", { title: "Another" }))).toBe("422 idempotency.mismatch");
  expect(await codeOf(create(one, "shared", { title: "One" }, `/api/streams/${channel.id}`))).toBe(
    "422 idempotency.mismatch",
  );
  const foreign = (await (await create(two, "shared", { title: "One" })).json()) as { id: number };
  expect(foreign.id).not.toBe(channel.id);
});

test("planned streams are made once too", async () => {
  const user = await platform.makeUser();
  const channel = await platform.makeChannel("planned-once", { owner: user });
  const path = `/api/streams/${channel.id}`;
  const answers = [
    await create(user, "plan", { title: "Soon" }, path),
    await create(user, "plan", { title: "Soon" }, path),
  ];
  const [first, again] = (await Promise.all(answers.map((answer) => answer.json()))) as Answer[];
  expect(again).toEqual(first!);
  const rows = await platform.database.sql`select id from streams where channel_id = ${channel.id}`;
  expect(rows.length).toBe(1);
});

test("of 50 at once one does the work", async () => {
  const user = await platform.makeUser();
  const codes = await Promise.all(
    Array.from({ length: 50 }, () => codeOf(create(user, "all-at-once", { title: "Fifty" }))),
  );
  expect(new Set(codes).isSubsetOf(new Set(["201", "409 idempotency.in-progress"]))).toBe(true);
  expect(codes).toContain("201");
  expect(await channelsOf(user)).toBe(1);
  expect(await codeOf(create(user, "all-at-once", { title: "Fifty" }))).toBe("201");
  expect(await channelsOf(user)).toBe(1);
});

test("a refusal that lasts is kept; one of the form is not", async () => {
  const user = await platform.makeUser();
  await platform.makeChannel("refused-name");
  const taken = { title: "x", slug: "refused-name" };
  expect(await codeOf(create(user, "refused", taken))).toBe("409 channel.slug-taken");
  await platform.database.sql`delete from channels where slug = 'refused-name'`;
  const again = await create(user, "refused", taken);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([409, "true"]);
  expect(await again.json()).toMatchObject({ code: "channel.slug-taken", errors: [{ field: "/slug" }] });
  expect(await codeOf(create(user, "formless", { title: "" }))).toBe("422 request.invalid");
  expect(await codeOf(create(user, "formless", { title: "Better" }))).toBe("201");
});

test.each([
  ["empty", ""],
  ["of 256", "k".repeat(256)],
  ["with a blank", "a b"],
  ["with a letter beyond ASCII", "k\u00e9y"],
])("a key that is %s is refused", async (_name, key) => {
  const answer = await create(ada, key, { title: "x" });
  const problem = (await answer.json()) as { code: string; errors: { field: string; in: string }[] };
  expect([answer.status, problem.code]).toEqual([422, "request.invalid"]);
  expect(problem.errors[0]).toMatchObject({ field: "idempotency-key", in: "header" });
});

test("the longest key will do", async () => {
  expect(await codeOf(create(await platform.makeUser(), "k".repeat(255), { title: "x" }))).toBe("201");
});

const worker = (user: TestUser, key: string, work: () => Promise<string>) => {
  const request = new Request("http://localhost/api/things", { method: "POST", headers: { "idempotency-key": key } });
  const actor = { userId: user.id, username: user.username, role: user.role, sessionId: user.sessionId };
  const set = { headers: {} as Record<string, string> };
  return creating(platform.database, { actor, request, body: {}, set }, async () => ({
    location: "/x",
    body: await work(),
  })).catch((error: { code?: string }) => error.code ?? "mistake");
};

test("while the first is at work others are told to wait; what fails frees the key", async () => {
  const user = await platform.makeUser();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const first = worker(user, "slow", () => {
    begun.resolve();
    return promise;
  });
  await begun.promise;
  expect(await worker(user, "slow", async () => "second")).toBe("idempotency.in-progress");
  resolve("first");
  expect(await first).toBe("first");
  expect(await worker(user, "slow", async () => "third")).toBe("first");

  expect(await worker(user, "broken", () => Promise.reject(new TypeError("bug")))).toBe("mistake");
  expect(await worker(user, "broken", async () => "mended")).toBe("mended");
  reject(new Error("unused"));
});

test("what a process that died had begun is free after a minute, and then no longer its own", async () => {
  const user = await platform.makeUser();
  const { sql } = platform.database;
  const rules = { abandonedAfter: 60, keptFor: 86_400 };
  const { db } = platform.database;
  const claim = { userId: user.id, key: "dead", fingerprint: "f" };
  const first = await queries.claimKey(db, claim, rules);
  expect((await queries.claimKey(db, claim, rules)).kind).toBe("running");
  await sql`update idempotency_keys set created_at = created_at - interval '61 seconds' where key = 'dead'`;
  const second = await queries.claimKey(db, claim, rules);
  if (first.kind !== "claimed" || second.kind !== "claimed") throw new Error("not claimed");
  // The first wakes up again.
  await queries.settleKey(db, first.claim, 201, '"first"');
  await queries.freeKey(db, first.claim);
  await queries.settleKey(db, second.claim, 201, '"second"');
  expect(await queries.claimKey(db, claim, rules)).toMatchObject({ kind: "done", body: '"second"' });
});

test("after a day a key is as new, and its row goes", async () => {
  const user = await platform.makeUser();
  const { sql, db } = platform.database;
  expect(await worker(user, "old", async () => "then")).toBe("then");
  expect(await worker(user, "older", async () => "then")).toBe("then");
  await sql`update idempotency_keys set created_at = now() - interval '25 hours' where key in ('old', 'older')`;
  expect(await worker(user, "old", async () => "now")).toBe("now");
  expect(await queries.forgetKeys(db, 86_400)).toBe(1);
  const left = await sql`select key from idempotency_keys where user_id = ${user.id}`;
  expect(left.map(({ key }) => key)).toEqual(["old"]);
});
