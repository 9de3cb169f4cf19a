/** Gathers exactly `size` bytes over any number of reads. The handshake's sizes are constants, so the buffer is never the peer's choice. */
export class Collector {
  private readonly buffer: Uint8Array;
  private filled = 0;

  constructor(readonly size: number) {
    this.buffer = new Uint8Array(size);
  }

  /** Takes what it still needs from `input` at `position`; returns the new position. */
  push(input: Uint8Array, position: number): number {
    const end = Math.min(input.length, position + this.size - this.filled);
    this.buffer.set(input.subarray(position, end), this.filled);
    this.filled += end - position;
    return end;
  }

  get complete(): boolean {
    return this.filled === this.size;
  }
  get bytes(): Uint8Array {
    return this.buffer;
  }
  get first(): number | undefined {
    return this.filled > 0 ? this.buffer[0] : undefined;
  }
}
