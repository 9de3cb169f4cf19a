/**
 * Where the payloads of a GOP lie: copied one behind the other into slabs that the next GOP uses again. A broadcast touches the same memory for
 * its whole life, so that neither the collector nor the allocator nor the kernel's page tables have work with it.
 */

/** Most GOPs need a few. What is never written to is never resident. */
const SLAB_SIZE = 256 * 1024;

export class GopMemory {
  private slabs: Uint8Array[] = [];
  /** The slab being filled; those before it are full. */
  private current = 0;
  private filled = 0;
  private isShared = false;

  /** Copies `payload`; returns its place, good for `view` until the next `reset`. */
  put(payload: Uint8Array): number {
    const size = payload.length;
    if (size > SLAB_SIZE) return this.putLarge(payload);
    if (this.filled + size > SLAB_SIZE) {
      this.current++;
      this.filled = 0;
    }
    let slab = this.slabs[this.current];
    if (slab === undefined) {
      slab = new Uint8Array(SLAB_SIZE);
      this.slabs.push(slab);
    }
    slab.set(payload, this.filled);
    const place = this.current * SLAB_SIZE + this.filled;
    this.filled += size;
    return place;
  }

  /** What lies at a place: until the next `put` after `reset`, or for ever when `share` comes before that. */
  view(place: number, size: number): Uint8Array {
    const start = place % SLAB_SIZE;
    return this.slabs[(place - start) / SLAB_SIZE]!.subarray(start, start + size);
  }

  /** Somebody may look at what is put here for longer: this GOP's memory is not used again. */
  share(): void {
    this.isShared = true;
  }

  /** The GOP is over: unless it was shared, its memory is the next one's. What it did not need is given up. */
  reset(): void {
    if (this.isShared) this.slabs = [];
    else this.slabs = this.slabs.slice(0, this.current + 1).filter((slab) => slab.length === SLAB_SIZE);
    this.current = 0;
    this.filled = 0;
    this.isShared = false;
  }

  /** Rare enough for a slab of its own, which is full. */
  private putLarge(payload: Uint8Array): number {
    if (this.filled > 0) this.current++;
    this.slabs.splice(this.current, 0, new Uint8Array(payload));
    this.filled = SLAB_SIZE;
    return this.current * SLAB_SIZE;
  }
}
