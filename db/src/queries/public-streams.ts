/**
 * Streams by their ids as anyone may see them: the most frequent read of all. The statement is built once and prepared on each connection, because
 * building it, and parsing it, takes longer than answering it.
 */
import { and, type Column, type SQL, sql } from "drizzle-orm";
import type { Database, Sql } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";
import { columns, type PublicStream, select } from "./streams.ts";
import { isAnnounced, mayOpen } from "./viewer.ts";

interface Statement {
  readonly text: string;
  /** With the ids at `place`. */
  readonly parameters: readonly unknown[];
  readonly place: number;
}

const IDS = "{}";

function build(db: Database): Statement {
  const wanted = sql`${streams.id} = any(${IDS}::int[])`;
  const { sql: text, params } = select(db)
    .where(and(wanted, mayOpen(null), isAnnounced(null)))
    .toSQL();
  return { text, parameters: params, place: params.indexOf(IDS) };
}

let statement: Statement | undefined;

interface Field {
  readonly name: string;
  readonly isTime: boolean;
}

const fieldsOf = (given: Readonly<Record<string, Column | SQL>>): Field[] =>
  Object.entries(given).map(([name, column]) => ({ name, isTime: "dataType" in column && column.dataType === "date" }));

const { channel: channelColumns, recording: recordingColumns, ...streamColumns } = columns;
const STREAM_FIELDS = fieldsOf(streamColumns);
const CHANNEL_FIELDS = fieldsOf(channelColumns);
const RECORDING_FIELDS = fieldsOf(recordingColumns);
/** Where theirs begin: `columns` has them last. */
const RECORDING_AT = STREAM_FIELDS.length;
const CHANNEL_AT = RECORDING_AT + RECORDING_FIELDS.length;

function read(row: readonly unknown[], fields: readonly Field[], from: number): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (let n = 0; n < fields.length; n++) {
    const { name, isTime } = fields[n]!;
    const value = row[from + n];
    found[name] = isTime && typeof value === "string" ? new Date(value) : value;
  }
  return found;
}

function toStream(row: readonly unknown[]): PublicStream {
  // Its state is never null: where it is, there is none.
  const recording = row[RECORDING_AT] === null ? null : read(row, RECORDING_FIELDS, RECORDING_AT);
  const channel = read(row, CHANNEL_FIELDS, CHANNEL_AT);
  return { ...read(row, STREAM_FIELDS, 0), recording, channel } as unknown as PublicStream;
}

/** In the order of the ids, null where there is none that anyone may see. */
export const getPublicStreams = guarded(
  async (db: Database, ids: readonly number[]): Promise<(PublicStream | null)[]> => {
    statement ??= build(db);
    const parameters = statement.parameters.with(statement.place, `{${[...new Set(ids.filter(isId))].join()}}`);
    // drizzle hands statements to the driver unprepared.
    const { $client } = db as unknown as { $client: Sql };
    const rows = await $client.unsafe(statement.text, parameters as never[], { prepare: true }).values();
    const found = new Map<number, PublicStream>();
    for (const row of rows) found.set(row[0] as number, toStream(row));
    return ids.map((id) => found.get(id) ?? null);
  },
);
