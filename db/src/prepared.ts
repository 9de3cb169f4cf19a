import type { Sql } from "./connect.ts";

/** Texts that were seen once, and texts that are prepared, in a process: a bound for what is built with lists of many lengths. */
const MAX_SEEN = 2_000;
const MAX_PREPARED = 500;
/** Longer lists of parameters seldom come a second time. */
const MAX_PARAMETERS = 24;

/**
 * A client whose `unsafe`, which is what drizzle calls, uses prepared statements for texts that come again. Without, the driver sends
 * each query with parameters in two round trips (Parse and Describe, then Bind and Execute), and PostgreSQL parses and plans it every
 * time. Statements belong to a connection and go with it (the driver renews connections every 30 to 60 minutes).
 */
export function withPreparedStatements(sql: Sql): Sql {
  const seen = new Set<string>();
  const known = new Set<string>();

  function isWorthIt(text: string, parameters: number): boolean {
    if (known.has(text)) return true;
    if (parameters === 0 || parameters > MAX_PARAMETERS || known.size >= MAX_PREPARED) return false;
    if (seen.delete(text)) {
      known.add(text);
      return true;
    }
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.add(text);
    return false;
  }

  // The driver's client is a function with properties; a transaction's has the same `unsafe`, and `savepoint` instead of `begin`.
  const wrap = <Client extends object>(client: Client): Client =>
    new Proxy(client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "unsafe") {
          return (text: string, parameters: readonly unknown[] = [], options: object = {}) =>
            value(text, parameters, isWorthIt(text, parameters.length) ? { ...options, prepare: true } : options);
        }
        if (name === "begin" || name === "savepoint") {
          return (...args: unknown[]) => {
            const run = args.pop() as (inner: object) => unknown;
            return value(...args, (inner: object) => run(wrap(inner)));
          };
        }
        return value;
      },
    });
  return wrap(sql);
}
