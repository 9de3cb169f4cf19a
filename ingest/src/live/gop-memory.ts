/**
 * Where the payloads of a GOP lie: copied one behind the other into slabs that the next GOP uses again. A broadcast touches the same memory for
 * its whole life, so that neither the collector nor the allocator nor the kernel's page tables have work with it.
 */

/** Most GOPs need a few. What is never written to is never resident. */
const SLAB_SIZE = 256 * 1024;

export class GopMemory {
  private slabs: Uint8Array[] = [];
  /** Slabs before this one are full. */
  private current = 0;
  private filled = 0;

  /** A copy of `payload`, good until the next `put` after `reset`; for ever when `abandon` comes before that. */
  put(payload: Uint8Array): Uint8Array {
    const size = payload.length;
    // Rare enough for a buffer of its own.
    if (size > SLAB_SIZE) return new Uint8Array(payload);
    if (this.filled + size > SLAB_SIZE) {
      this.current++;
      this.filled = 0;
    }
    let slab = this.slabs[this.current];
    if (slab === undefined) {
      slab = new Uint8Array(SLAB_SIZE);
      this.slabs.push(slab);
    }
    const copy = slab.subarray(this.filled, this.filled + size);
    copy.set(payload);
    this.filled += size;
    return copy;
  }

  /** The GOP is over and nobody looks at it any more: its memory is the next one's. What the GOP did not need is given up. */
  reset(): void {
    this.slabs.length = Math.min(this.slabs.length, this.current + 1);
    this.current = 0;
    this.filled = 0;
  }

  /** Somebody may still look at what was put here: it is theirs now. */
  abandon(): void {
    this.slabs = [];
    this.current = 0;
    this.filled = 0;
  }
}
