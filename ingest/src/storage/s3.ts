/** Storage in a bucket of an S3-compatible service. A PUT is all or nothing by itself. */
import { S3Client } from "bun";
import { type ByteRange, checkKey, checkPrefix, type Storage, StorageError, type StoredFile } from "./storage.ts";

export interface S3Options {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** How much the service lists at once. Default 1,000, which is the most. */
  readonly pageSize?: number;
}

const PAGE = 1_000;
const DELETED_AT_ONCE = 8;
/** A connection that was closed just now, a service with a moment's trouble: milliseconds before each new attempt. */
const RETRY_AFTER = [100, 500];

export function openS3Storage({ pageSize = PAGE, ...options }: S3Options): Storage {
  const client = new S3Client(options);

  async function* pages(prefix: string, delimiter?: string) {
    let continuationToken: string | undefined;
    do {
      const page = await tried(() =>
        client.list({
          prefix,
          maxKeys: pageSize,
          ...(delimiter === undefined ? {} : { delimiter }),
          ...(continuationToken === undefined ? {} : { continuationToken }),
        }),
      );
      yield page;
      continuationToken = page.isTruncated === true ? page.nextContinuationToken : undefined;
    } while (continuationToken !== undefined);
  }

  async function* list(prefix: string): AsyncGenerator<StoredFile> {
    for await (const { contents = [] } of pages(prefix)) {
      for (const { key, size = 0 } of contents) yield { key, size };
    }
  }

  return {
    kind: "s3",
    async put(key, bytes) {
      checkKey(key);
      await tried(() => client.write(key, bytes as Uint8Array<ArrayBuffer>));
    },
    async get(key) {
      return orNull(() => client.file(checkKey(key)).bytes());
    },
    async read(key, range?: ByteRange) {
      const file = client.file(checkKey(key));
      // A stream that can't begin would only fail under its reader's hands.
      if (!(await tried(() => file.exists()))) return null;
      return (range === undefined ? file : file.slice(range.start, range.end + 1)).stream();
    },
    list: (prefix) => list(checkPrefix(prefix)),
    async folders(prefix) {
      checkPrefix(prefix);
      const found: string[] = [];
      for await (const { commonPrefixes = [] } of pages(prefix, "/")) {
        for (const { prefix: name } of commonPrefixes) found.push(name.slice(prefix.length, -1));
      }
      return found;
    },
    async delete(key) {
      checkKey(key);
      await orNull(() => client.delete(key));
    },
    async remove(prefix) {
      // Listed to the end first: what is deleted meanwhile would shift the pages.
      const keys: string[] = [];
      for await (const { key } of list(checkPrefix(prefix))) keys.push(key);
      while (keys.length > 0) {
        await Promise.all(keys.splice(0, DELETED_AT_ONCE).map((key) => orNull(() => client.delete(key))));
      }
    },
    free: async () => null,
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "NoSuchKey" || error.code === "ENOENT");

async function tried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (isMissing(error)) throw error;
      const wait = RETRY_AFTER[attempt];
      if (wait === undefined) throw failure(error);
      await Bun.sleep(wait);
    }
  }
}

function failure(error: unknown): StorageError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new StorageError("storage.failed", `The storage said ${code}.`);
}

async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await tried(work);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
