import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";

setDefaultTimeout(60_000);

let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(async () => {
  await emptyTables(handle);
  await handle.sql.unsafe(`
    insert into users (username, email, hashed_password) values ('Anna', 'anna@example.org', 'x');
    insert into channels (user_id, slug, title, stream_key) values (1, 'one', 'One', 'key-1'), (1, 'two', 'Two', 'key-2');
    insert into streams (channel_id, title) values (1, 'planned');
    insert into stream_views (stream_id, user_id, session_id) values (1, 1, 'session-1');
    insert into statistics (channel_id, date) values (1, '2026-11-24');
    insert into documents (slug, locale, title, body) values ('terms', 'en', 'Terms', '…')`);
});

/** SQLSTATE and constraint that a statement fails with. */
async function failure(statement: string): Promise<string> {
  try {
    await handle.sql.unsafe(statement);
    return "accepted";
  } catch (error) {
    const { code, constraint_name } = error as { code: string; constraint_name?: string };
    return `${code} ${constraint_name ?? ""}`.trim();
  }
}

const user = (username: string, email: string, extra = "") =>
  `insert into users (username, email, hashed_password${extra === "" ? "" : ", role"}) values ('${username}', '${email}', 'x'${extra})`;
const channel = (values: string, columns = "") =>
  `insert into channels (user_id, slug, title, stream_key${columns}) values (${values})`;
const stream = (columns: string, values: string) =>
  `insert into streams (channel_id, title, ${columns}) values (1, 's', ${values})`;

test.each([
  ["a username in another case", user("aNNa", "b@example.org"), "23505 users_username_unique"],
  ["an e-mail address in another case", user("b", "ANNA@example.org"), "23505 users_email_unique"],
  ["an empty username", user("", "b@example.org"), "23514 users_username_check"],
  ["a username of 51", user("u".repeat(51), "b@example.org"), "22001"],
  ["an unknown role", user("b", "b@example.org", ", 'king'"), "23514 users_role_check"],
  ["a known role", user("b", "b@example.org", ", 'moderator'"), "accepted"],
  ["a second channel of that slug", channel("1, 'one', 'x', 'k'"), "23505 channels_slug_unique"],
  ["a second channel with that key", channel("1, 'x', 'x', 'key-1'"), "23505 channels_stream_key_unique"],
  ["a slug in upper case", channel("1, 'One', 'x', 'k'"), "23514 channels_slug_check"],
  ["a slug with a slash", channel("1, 'a/b', 'x', 'k'"), "23514 channels_slug_check"],
  ["a slug with a line break", channel("1, E'a\\n', 'x', 'k'"), "23514 channels_slug_check"],
  ["a slug of 64", channel(`1, '${"s".repeat(64)}', 'x', 'k'`), "accepted"],
  ["a slug of 65", channel(`1, '${"s".repeat(65)}', 'x', 'k'`), "22001"],
  ["a key that is the slug", channel("1, 'same', 'x', 'same'"), "23514 channels_stream_key_check"],
  ["an unknown visibility", channel("1, 'x', 'x', 'k', 'secret'", ", visibility"), "23514 channels_visibility_check"],
  ["fewer than no viewers", channel("1, 'x', 'x', 'k', -1", ", viewers_count"), "23514 channels_viewers_count_check"],
  ["a channel of nobody", channel("99, 'x', 'x', 'k'"), "23503 channels_user_id_users_id_fk"],
  ["live without a start", stream("is_live", "true"), "23514 streams_live_check"],
  ["live and over", stream("is_live, started_at, ended_at", "true, now(), now()"), "23514 streams_live_check"],
  [
    "over before it began",
    stream("started_at, ended_at", "now(), now() - interval '1 s'"),
    "23514 streams_ended_check",
  ],
  ["a negative duration", stream("duration", "-1"), "23514 streams_duration_check"],
  ["negative views", stream("view_count", "-1"), "23514 streams_view_count_check"],
  [
    "two live streams of a channel",
    `${stream("is_live, started_at", "true, now()")}; ${stream("is_live, started_at", "true, now()")}`,
    "23505 streams_one_live_per_channel",
  ],
  [
    "a session twice",
    "insert into stream_views (stream_id, session_id) values (1, 'session-1')",
    "23505 stream_views_session_id_unique",
  ],
  ["a negative watch time", "update stream_views set watch_duration = -1", "23514 stream_views_watch_duration_check"],
  [
    "a day twice",
    "insert into statistics (channel_id, date) values (1, '2026-11-24')",
    "23505 statistics_channel_date_unique",
  ],
  [
    "a day that is none",
    "insert into statistics (channel_id, date) values (1, '24.11.2026')",
    "23514 statistics_date_check",
  ],
  ["negative statistics", "update statistics set avg_watch_time = -0.1", "23514 statistics_counters_check"],
  [
    "a document twice",
    "insert into documents (slug, locale, title, body) values ('terms', 'en', 'T', 'b')",
    "23505 documents_pkey",
  ],
  [
    "a document in another language",
    "insert into documents (slug, locale, title, body) values ('terms', 'ru', 'T', 'b')",
    "accepted",
  ],
  ["removing a user who has channels", "delete from users", "23001 channels_user_id_users_id_fk"],
])("%s", async (_name, statement, expected) => {
  expect(await failure(statement)).toBe(expected);
});

test("removing a channel removes what is its own; removing a user leaves the views", async () => {
  const count = async (table: string) => (await handle.sql.unsafe(`select count(*)::int as n from ${table}`))[0]?.n;
  await handle.sql.unsafe(
    "insert into users (username, email, hashed_password) values ('guest', 'g@example.org', 'x')",
  );
  await handle.sql.unsafe("update stream_views set user_id = 2; delete from users where id = 2");
  expect([...(await handle.sql`select user_id from stream_views`)]).toEqual([{ user_id: null }]);
  await handle.sql`delete from channels where id = 1`;
  expect([await count("streams"), await count("stream_views"), await count("statistics")]).toEqual([0, 0, 0]);
});

test("every time is a timestamptz and every name is snake_case", async () => {
  const columns = await handle.sql`
    select table_name, column_name, data_type from information_schema.columns
    where table_schema = 'public' and (data_type like '%timestamp%' or column_name !~ '^[a-z_]+$')`;
  expect(columns.length).toBeGreaterThan(10);
  expect(columns.filter((column) => column.data_type !== "timestamp with time zone")).toEqual([]);
});

test("the lists read their index instead of sorting", async () => {
  const plan = async (query: string) => {
    const rows = await handle.sql.begin(async (sql) => {
      // Small tables are read whole whatever indexes there are: forbid that and see which index fits.
      await sql`set local enable_seqscan = off`;
      await sql`set local enable_bitmapscan = off`;
      return sql.unsafe(`explain ${query}`);
    });
    return rows.map((row) => String(row["QUERY PLAN"])).join("\n");
  };
  const order = "order by started_at desc, id desc limit 21";
  for (const [query, index] of [
    [`select * from streams where is_live ${order}`, "streams_live_index"],
    [`select * from streams where started_at is not null ${order}`, "streams_started_index"],
    [`select * from streams where channel_id = 1 and started_at is not null ${order}`, "streams_channel_started_index"],
    ["select * from channels where visibility = 'public' order by id desc limit 21", "channels_p"],
    ["select * from channels where stream_key = 'k'", "channels_stream_key_unique"],
    ["select * from users where lower(username) = lower('Anna')", "users_username_unique"],
  ] as const) {
    const text = await plan(query);
    expect(text).toContain(index);
    expect(text).not.toContain("Sort");
  }
});
