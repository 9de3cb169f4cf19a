/**
 * A connection that another process of this machine is to have, because the broadcast that its peer asks for is there. That process is told all that
 * the peer has said so far, as if it had come there, and keeps its answers to itself up to the request that is still open: this one has given them.
 * From there on bytes pass through both ways, unread. docs/decisions/0007-every-core.md
 */
import type { Socket } from "bun";
import { encodeProxyLine } from "../proxy-protocol/header.ts";
import { WriteQueue } from "./write-queue.ts";

/** What keeping a read costs beside its bytes. */
const READ_OVERHEAD = 128;

/** All that a peer has said before its first request was answered. */
export class Transcript {
  private reads: Uint8Array[] | null = [];
  private size = 0;

  /** Beyond `limit` bytes nothing is kept. */
  constructor(private readonly limit: number) {}

  add(bytes: Uint8Array): void {
    this.size += bytes.length + READ_OVERHEAD;
    if (this.size > this.limit) this.reads = null;
    this.reads?.push(bytes);
  }

  /** Null: it was too much. */
  get said(): readonly Uint8Array[] | null {
    return this.reads;
  }
}

export interface HandOverOptions {
  /** The Unix socket of the process that takes it. */
  readonly path: string;
  /** Of the peer. */
  readonly address: string;
  /** What the peer has said so far, in order. */
  readonly said: readonly Uint8Array[];
  onBytes(bytes: Uint8Array): void;
  /** Called once, also when there is nobody at that path; not after `close()`. */
  onClosed(): void;
}

export interface HandOver {
  /** Bytes that the other process has not taken yet. */
  readonly size: number;
  write(bytes: Uint8Array): void;
  close(): void;
}

export function startHandOver({ path, address, said, onBytes, onClosed }: HandOverOptions): HandOver {
  /** Until it is connected. */
  let waiting: Uint8Array[] = [encodeProxyLine(address), ...said];
  let socket: Socket | null = null;
  let queue: WriteQueue | null = null;
  let isOver = false;

  const gone = (): void => {
    if (isOver) return;
    isOver = true;
    onClosed();
  };

  Bun.connect({
    unix: path,
    socket: {
      binaryType: "uint8array",
      open(opened) {
        if (isOver) {
          opened.terminate();
          return;
        }
        socket = opened;
        queue = new WriteQueue(opened);
        for (const bytes of waiting) queue.write(bytes);
        waiting = [];
      },
      data(_, bytes) {
        if (!isOver) onBytes(bytes);
      },
      drain: () => void queue?.drain(),
      close: gone,
      error: gone,
      connectError: gone,
    },
  }).catch(gone);

  return {
    get size() {
      return queue?.size ?? waiting.reduce((sum, { length }) => sum + length, 0);
    },
    write(bytes) {
      if (queue === null) waiting.push(bytes);
      else queue.write(bytes);
    },
    close() {
      isOver = true;
      socket?.end();
    },
  };
}
