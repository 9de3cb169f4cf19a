/** Words that every list shares: `?limit=&cursor=` in, `{items, nextCursor}` out. */

import { Type } from "@sinclair/typebox";
import { queries } from "@streamhub/db";
import { type TSchema, t } from "elysia";

export const DEFAULT_LIMIT = 24;

/** The cursor is opaque to clients: only the query that made it can read it. */
export const pageQuery = {
  limit: t.Optional(t.Integer({ description: `1 to ${queries.MAX_LIMIT}; what is beyond is brought into that range` })),
  cursor: t.Optional(t.String({ minLength: 1, maxLength: 200 })),
};

export function PageSchema<T extends TSchema>(item: T) {
  return t.Object({ items: t.Array(item), nextCursor: t.Nullable(t.String()) });
}

/** A page as a client asks for it. */
export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

/**
 * An id in an answer. Route schemas name it themselves, because drizzle-typebox leaves columns that are generated always out of the types of its
 * select schemas. Not Elysia's integer: that is a union with texts, and every answer would be run through it.
 */
export const IdSchema = Type.Integer();
/** An id in a path or a query. Any whole number is well-formed; one that no row can have is simply not found. */
export const IdParam = t.Integer();
