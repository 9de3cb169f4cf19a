/**
 * Streams by their ids as anyone may see them: the most frequent read of all. The statement is built once and prepared on each connection, because
 * building it, and parsing it, takes longer than answering it. PostgreSQL writes all rows as one JSON text: 30 columns a row that the driver cuts out
 * of its buffer one by one, and times that become a `Date` and a text again, were a third of what an answer costs.
 */
import { and, type Column, eq, is, type SQL, sql } from "drizzle-orm";
import { PgTimestamp } from "drizzle-orm/pg-core";
import type { Database, Sql } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { recordings } from "../schema/recordings.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";
import { columns, type PublicStream } from "./streams.ts";
import { isAnnounced, mayOpen } from "./viewer.ts";

type Written<T> = T extends Date ? string : T extends object ? { readonly [K in keyof T]: Written<T[K]> } : T;

/** A stream whose times are ISO 8601 texts in UTC, with milliseconds. */
export type WrittenStream = Written<PublicStream>;

interface Statement {
  readonly text: string;
  /** With the ids at `place`. */
  readonly parameters: readonly unknown[];
  readonly place: number;
}

const IDS = "{}";

type Columns = Readonly<Record<string, Column | SQL>>;

/** `json_build_array` of the values alone: names in every row, and times formatted by PostgreSQL, cost twice as much. */
const arrayOf = (given: readonly (Column | SQL)[]): SQL =>
  sql`json_build_array(${sql.join(
    given.map((value) => sql`${value}`),
    sql`, `,
  )})`;

/** From the values of `given`, in its order, to an object. */
function reader(given: Columns): (values: readonly unknown[]) => Record<string, unknown> {
  const fields = Object.entries(given).map(([name, column]) => [name, is(column, PgTimestamp)] as const);
  return (values) => {
    const row: Record<string, unknown> = {};
    for (let n = 0; n < fields.length; n++) {
      const [name, isTime] = fields[n]!;
      const value = values[n];
      row[name] = isTime && value !== null ? new Date(value as string).toISOString() : value;
    }
    return row;
  };
}

const { channel, recording, ...own } = columns;
const readOwn = reader(own);
const readChannel = reader(channel);
const readRecording = reader(recording);

type Values = readonly unknown[];

function read([values, ofChannel, ofRecording]: readonly [Values, Values, Values | null]): WrittenStream {
  const stream = readOwn(values);
  stream.channel = readChannel(ofChannel);
  stream.recording = ofRecording === null ? null : readRecording(ofRecording);
  return stream as unknown as WrittenStream;
}

const STREAM = arrayOf([
  arrayOf(Object.values(own)),
  arrayOf(Object.values(channel)),
  sql`case when ${recordings.streamId} is null then null else ${arrayOf(Object.values(recording))} end`,
]);

function build(db: Database): Statement {
  const wanted = sql`${streams.id} = any(${IDS}::int[])`;
  const { sql: text, params } = db
    .select({ all: sql`json_agg(${STREAM})::text` })
    .from(streams)
    .innerJoin(channels, eq(channels.id, streams.channelId))
    .leftJoin(recordings, eq(recordings.streamId, streams.id))
    .where(and(wanted, mayOpen(null), isAnnounced(null)))
    .toSQL();
  return { text, parameters: params, place: params.indexOf(IDS) };
}

let statement: Statement | undefined;

/** In the order of the ids, null where there is none that anyone may see. */
export const getPublicStreams = guarded(
  async (db: Database, ids: readonly number[]): Promise<(WrittenStream | null)[]> => {
    statement ??= build(db);
    const parameters = statement.parameters.with(statement.place, `{${[...new Set(ids.filter(isId))].join()}}`);
    // drizzle hands statements to the driver unprepared.
    const { $client } = db as unknown as { $client: Sql };
    const [row] = await $client.unsafe(statement.text, parameters as never[], { prepare: true }).values();
    const rows: Parameters<typeof read>[0][] = JSON.parse(row![0] ?? "[]");
    const found = new Map(
      rows.map((values) => {
        const stream = read(values);
        return [stream.id, stream];
      }),
    );
    return ids.map((id) => found.get(id) ?? null);
  },
);
