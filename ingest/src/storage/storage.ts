/**
 * Where recordings lie: files by key, written whole and never changed in place. Two adapters, local disk and S3-compatible; one contract test
 * holds both to the same promises. Keys are lower-case words with `/` between them, such as `recordings/17/video/28000000.m4s`.
 */
export interface Storage {
  readonly kind: "disk" | "s3";
  /** All or nothing: a reader, and whoever looks after a crash, sees the whole file or none (or the one before). Throws StorageError. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Null when there is none. For small files. */
  get(key: string): Promise<Uint8Array | null>;
  /** The file, or `range` of it, as a body that is read as fast as it is taken. Null when there is no such file. */
  read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | Blob | null>;
  /** All files whose keys begin with `prefix`, which ends with `/`, in no order. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** The words that come next after `prefix`, which ends with `/`, in no order. */
  folders(prefix: string): Promise<readonly string[]>;
  /** One file. What is not there is deleted already. */
  delete(key: string): Promise<void>;
  /** Every file whose key begins with `prefix`, which ends with `/`. What is not there is removed already. */
  remove(prefix: string): Promise<void>;
  /** Bytes that can still be written below `prefix`, which ends with `/`; null where nobody can know. */
  free(prefix: string): Promise<number | null>;
}

/** Of a file that has both ends: first and last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  readonly key: string;
  readonly size: number;
}

export class StorageError extends Error {
  override readonly name = "StorageError";
  constructor(
    /** `full`: no room is left. `failed`: it did not answer, or not as it should; the next attempt may. */
    readonly code: "storage.full" | "storage.failed",
    message: string,
  ) {
    super(message);
  }
}

const KEY = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)+$/;
const PREFIX = /^([a-z0-9][a-z0-9._-]*\/)+$/;

/** Keys are made by us: another one is a bug. No word begins with a dot, so none leads out of the storage. */
export function checkKey(key: string): string {
  if (!KEY.test(key) || key.length > 500) throw new RangeError(`not a key: ${key}`);
  return key;
}

export function checkPrefix(prefix: string): string {
  if (!PREFIX.test(prefix)) throw new RangeError(`not a prefix: ${prefix}`);
  return prefix;
}
