/**
 * Giving memory back by hand. Media pass through at the pace of the network; left to the garbage collector, tens of megabytes of dead reads
 * pile up between its runs, the allocator returns them to the kernel, and each new read faults its pages in again. That was half
 * of all CPU time at 100 publishers (docs/decisions/0002-hot-path.md).
 */

/** Arrays below this may lie in the collector's own heap, where detaching costs more than it gives. */
const SMALL = 1024;

/** Detaches the buffer and frees its memory now. Whoever still had a view of it sees an empty array, never somebody else's bytes. */
export function releaseMemory(bytes: Uint8Array): void {
  if (bytes.length < SMALL) return;
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
