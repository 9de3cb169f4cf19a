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

/** `maxBytes`: kept at once; what has not been asked for longest goes first. */
export function makeSharedBodies(maxBytes = MAX_BYTES): SharedBodies {
  const asked = new WeakSet<Uint8Array>();
  /** The one asked for last at the end. */
  const blobs = new Map<Uint8Array, Blob>();
  let size = 0;
  return {
    of(bytes) {
      if (bytes.length < MIN_BYTES || bytes.length > maxBytes) return bytes;
      const known = blobs.get(bytes);
      if (known === undefined && !asked.has(bytes)) {
        asked.add(bytes);
        return bytes;
      }
      const blob = known ?? new Blob([bytes as Uint8Array<ArrayBuffer>]);
      if (known === undefined) size += bytes.length;
      else blobs.delete(bytes);
      blobs.set(bytes, blob);
      for (const oldest of blobs.keys()) {
        if (size <= maxBytes) break;
        blobs.delete(oldest);
        size -= oldest.length;
      }
      return blob;
    },
  };
}
