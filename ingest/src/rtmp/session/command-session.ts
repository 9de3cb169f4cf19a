import type { ConnectRequest } from "../command/connect.ts";
import type { Status, StatusCode } from "../command/status.ts";
import type { SessionLimits } from "../limits.ts";
import type { ServerEvent } from "./events.ts";
import type { Outbox } from "./outbox.ts";
import type { ConnectionEvent, ConnectionState, StreamEvent, StreamState } from "./state.ts";

/** What the commands may do with the server session that received them. */
export interface CommandSession {
  readonly options: {
    readonly limits: SessionLimits;
    /** Our chunk size: the same for all connections, so that one encoding of a message serves every player. */
    readonly chunkSize: number;
    /** Application names accepted in `connect`; null accepts any. */
    readonly apps: readonly string[] | null;
  };
  readonly out: Outbox;
  readonly state: ConnectionState;
  request: ConnectRequest | null;
  status(streamId: number, level: Status["level"], code: StatusCode, description: string): void;
  /** These two throw `command.out-of-order` when the table has no such transition. */
  moveConnection(event: ConnectionEvent): void;
  moveStream(streamId: number, event: StreamEvent): void;
  streamState(streamId: number): StreamState | undefined;
  streamIds(): Iterable<number>;
  /** Throws `session.too-many-message-streams`. */
  openStream(): number;
  /** Ends what the stream was doing; returns the event that says so. */
  stopStream(streamId: number): ServerEvent | null;
  deleteStream(streamId: number): void;
  close(): void;
}
