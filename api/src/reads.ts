/** What the public part of the API reads. Private channels never come out of it, and no stream key does: db's queries don't select them. */
import { type Database, queries } from "@streamhub/db";

type Bound<F> = F extends (db: Database, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;
type Name = "listStreams" | "getStream" | "listChannels" | "getChannel" | "getChannelBySlug";

/** A port, so that a service can be tested without a database; its shapes are those of db's queries. */
export type PlatformReads = { readonly [K in Name]: Bound<(typeof queries)[K]> };

export function bindReads(db: Database): PlatformReads {
  return {
    listStreams: (request) => queries.listStreams(db, request),
    getStream: (id) => queries.getStream(db, id),
    listChannels: (request) => queries.listChannels(db, request),
    getChannel: (id) => queries.getChannel(db, id),
    getChannelBySlug: (slug) => queries.getChannelBySlug(db, slug),
  };
}
