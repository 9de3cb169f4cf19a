import type { Socket } from "bun";

/**
 * Bytes on their way to one socket. `socket.write` takes fewer bytes than given when the peer is slow (or none: -1 when it is gone);
 * the rest waits here for `drain`. The owner bounds it by looking at `size`.
 */
export class WriteQueue {
  private pending: Uint8Array[] = [];
  private queued = 0;

  constructor(private readonly socket: Pick<Socket, "write">) {}

  /** Bytes not yet taken by the socket. */
  get size(): number {
    return this.queued;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.queued > 0) {
      this.pending.push(bytes);
      this.queued += bytes.length;
      return;
    }
    const taken = Math.max(0, this.socket.write(bytes));
    if (taken < bytes.length) {
      this.pending.push(bytes.subarray(taken));
      this.queued = bytes.length - taken;
    }
  }

  /** The socket has room again. True when all is written. */
  drain(): boolean {
    while (this.pending.length > 0) {
      const head = this.pending[0]!;
      const taken = Math.max(0, this.socket.write(head));
      this.queued -= taken;
      if (taken < head.length) {
        this.pending[0] = head.subarray(taken);
        return false;
      }
      this.pending.shift();
    }
    return true;
  }
}
