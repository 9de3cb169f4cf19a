/**
 * Media that several ask for, as bodies that all share. A response made of bytes has a copy of its own until its reader has taken it: a thousand
 * readers who stop would hold a thousand copies. Of a blob they hold one. What only one asks for is not worth it.
 */
export interface SharedBodies {
  of(bytes: Uint8Array): Uint8Array | Blob;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Smaller ones cost no more than the request itself. */
const MIN_BYTES = 16 * 1024;
/** Live media are asked for by everybody within seconds, and then by nobody any more. */
const KEPT_MS = 20_000;

interface Kept {
  readonly blob: Blob;
  askedAt: number;
}

/** `maxBytes`: kept at once; what has not been asked for longest goes first. `keptMs`: what was not asked for since then goes in any case. */
export function makeSharedBodies(maxBytes = MAX_BYTES, keptMs = KEPT_MS): SharedBodies {
  const asked = new WeakSet<Uint8Array>();
  /** The one asked for last at the end. */
  const blobs = new Map<Uint8Array, Kept>();
  let size = 0;
  let timer: Timer | null = null;

  function sweep(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const before = performance.now() - keptMs;
    for (const [bytes, { askedAt }] of blobs) {
      if (size <= maxBytes && askedAt > before) break;
      blobs.delete(bytes);
      size -= bytes.length;
    }
    arm();
  }

  function arm(): void {
    const [oldest] = blobs.values();
    if (timer !== null || oldest === undefined) return;
    timer = setTimeout(sweep, Math.max(1, oldest.askedAt + keptMs - performance.now()));
    timer.unref();
  }

  return {
    of(bytes) {
      if (bytes.length < MIN_BYTES || bytes.length > maxBytes) return bytes;
      let kept = blobs.get(bytes);
      if (kept === undefined && !asked.has(bytes)) {
        asked.add(bytes);
        return bytes;
      }
      if (kept === undefined) {
        kept = { blob: new Blob([bytes as Uint8Array<ArrayBuffer>]), askedAt: 0 };
        size += bytes.length;
      } else blobs.delete(bytes);
      kept.askedAt = performance.now();
      blobs.set(bytes, kept);
      if (size > maxBytes) sweep();
      else arm();
      return kept.blob;
    },
  };
}
