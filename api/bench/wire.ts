/** What the bench and its children say to each other over Bun's IPC. */

/** A kind of request, taken in turn by each connection. `{session}` in a path is a viewing session of the connection's own. */
export interface Load {
  readonly port: number;
  readonly clients: number;
  /** Counted after a second of warming up. */
  readonly seconds: number;
  /** Whole requests, as they go over the wire; connection n begins with the n-th. */
  readonly requests: readonly string[];
  /** Requests a second of all connections together; 0: as fast as the answers come. */
  readonly rate: number;
}

export interface LoadResult {
  readonly requests: number;
  /** With those of warming up. */
  readonly all: number;
  readonly seconds: number;
  /** Answers other than 2xx. */
  readonly refused: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  /** Of one core, of the generator itself: near 1 it was the generator that was measured. */
  readonly generatorCpu: number;
}

export type ServerKind = "constant" | "api";

export interface Started {
  readonly port: number;
  /** Of the same API without its shared cache: every read is from the database. */
  readonly uncachedPort: number;
  /** Ids of live streams, and viewing sessions of one. */
  readonly streams: readonly number[];
  readonly sessions: readonly string[];
}

/** Of a server, since it was started. */
export interface Work {
  /** Microseconds of all its threads. */
  readonly cpu: number;
  /** Statements that write heartbeats. */
  readonly writes: number;
  /** Of the database, reading ones too. */
  readonly transactions: number;
  readonly rows: number;
}
