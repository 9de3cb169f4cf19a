export type { Bus, BusEvent, BusEvents } from "./bus/bus.ts";
export { BusError } from "./bus/bus.ts";
export { openBus } from "./bus/open.ts";
export * from "./chat-events.ts";
export type { Connect, Database, Sql } from "./connect.ts";
export { asDatabaseError, DatabaseError, type DatabaseErrorCode } from "./database-error.ts";
export { type DumpedTable, type DumpHead, type Snapshot, withSnapshot } from "./dump/dump.ts";
export { hasTables, isEmptyDatabase, type Load, loadDatabase } from "./dump/load.ts";
export { emptyHistogram, JOIN_BOUNDS, LATENCY_BOUNDS, quantile, stepOf } from "./histogram.ts";
export * from "./ingest-nodes.ts";
export { type KeyVault, makeKeyVault } from "./key-vault.ts";
export type { Log } from "./log.ts";
export { migrate } from "./migrate.ts";
export type {
  ChannelRow,
  DocumentRow,
  Role,
  StatisticsRow,
  StreamRow,
  StreamViewRow,
  UserRow,
  Visibility,
} from "./model.ts";
export * as model from "./model.ts";
export { type DatabaseHandle, type OpenOptions, openDatabase } from "./open.ts";
export * as queries from "./queries/index.ts";
export * as schema from "./schema/index.ts";
export { type DocumentText, shippedDocuments } from "./shipped-documents.ts";
export { isSlug, SLUG_PATTERN } from "./slug.ts";
export * from "./stream-events.ts";
export { makeStreamKey } from "./stream-key.ts";
export { STREAM_STATES, type StreamEvent, type StreamState, stateOf, transition } from "./stream-life.ts";
export { type Device, deviceOf, isBot } from "./user-agent.ts";
export { usernameSkeleton } from "./username.ts";
export * from "./viewer-identity.ts";
