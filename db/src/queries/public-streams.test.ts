/** Streams read together are those that are read one by one, as anyone may see them. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { makeKeyVault } from "../key-vault.ts";
import { openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { createChannel } from "./channel-writes.ts";
import { getPublicStreams } from "./public-streams.ts";
import { getStream } from "./streams.ts";

setDefaultTimeout(60_000);

const vault = makeKeyVault("a secret for tests, 32 characters and more");
let handle: ScratchDatabase;
const ids: number[] = [];

beforeAll(async () => {
  handle = await openScratchDatabase();
  for (const visibility of ["public", "unlisted", "private"] as const) {
    const { id } = await createChannel(handle.db, vault, {
      slug: visibility,
      title: `Channel, ${visibility}`,
      visibility,
    });
    const rows = await handle.sql<{ id: number }[]>`
      insert into streams (channel_id, title, description, scheduled_for, started_at, ended_at, is_live, duration, armed_at) values
        (${id}, 'Draft', null, null, null, null, false, null, null),
        (${id}, 'Planned', 'Words', '2026-12-01 20:00:00.123+00', null, null, false, null, now()),
        (${id}, 'Live', null, null, '2026-11-01 20:00+02', null, true, null, null),
        (${id}, 'Over', '', null, '2026-10-01', '2026-10-01 01:00', false, 3600, null)
      returning id`;
    ids.push(...rows.map((row) => row.id));
  }
});
afterAll(() => handle.close());

test("together as one by one", async () => {
  const asked = [...ids.toReversed(), 0, -1, 1.5, 2 ** 31, 999, Number.NaN, ids[2]!, ids[2]!];
  const single = await Promise.all(asked.map((id) => getStream(handle.db, id)));
  // Written to JSON and read again: its times are texts.
  expect(await getPublicStreams(handle.db, asked)).toEqual(JSON.parse(JSON.stringify(single)));
  // Planned, live and over, of the public and the unlisted channel.
  expect(single.filter((stream) => stream !== null)).toHaveLength(6 + 2);
  expect(await getPublicStreams(handle.db, [])).toEqual([]);
});

test("a database that is away is told as such", async () => {
  const away = await openScratchDatabase();
  await away.close();
  await expect(getPublicStreams(away.db, [1])).rejects.toMatchObject({ name: "DatabaseError" });
});
