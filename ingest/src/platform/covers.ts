/** Pictures that show streams afterwards, among those that accounts send: files of random names, which the API serves and tidies up. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@streamhub/db";
import { codeOf } from "./code-of.ts";

export interface CoversOptions {
  /** The API's uploads. */
  readonly folder: string;
  /** False: the stream shows another picture, or is gone. */
  readonly set: (streamId: number, url: string, replaced: string | null) => Promise<boolean>;
  readonly log: Log;
}

const MAX_KNOWN = 10_000;

/** `picture`: WebP. What can't be kept is said in the log; never rejects. */
export function makeCovers({ folder, set, log }: CoversOptions) {
  /**
   * What streams show by us; one stream is seen to at a time. The one before stays as long: pages and caches that have read its address a moment ago
   * are about to ask for it.
   */
  const shown = new Map<number, { readonly url: string; readonly before: string | null }>();

  async function save(picture: Uint8Array): Promise<string> {
    const name = `${randomBytes(16).toString("base64url")}.webp`;
    const part = join(folder, `${name}.part`);
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(part, picture, { flag: "wx", mode: 0o644 });
      await rename(part, join(folder, name));
    } catch (error) {
      await rm(part, { force: true }).catch(() => {});
      throw error;
    }
    return `/uploads/${name}`;
  }

  const remove = (url: string): Promise<void> =>
    rm(join(folder, url.slice(url.lastIndexOf("/") + 1)), { force: true }).catch(() => {});

  return async (streamId: number, picture: Uint8Array): Promise<void> => {
    try {
      const url = await save(picture);
      const last = shown.get(streamId);
      const replaced = last?.url ?? null;
      if (await set(streamId, url, replaced)) {
        if (shown.size >= MAX_KNOWN) shown.delete(shown.keys().next().value!);
        shown.set(streamId, { url, before: replaced });
        // The last one before that stays for the API's sweep.
        if (last !== undefined && last.before !== null) await remove(last.before);
      } else await remove(url);
    } catch (error) {
      // A file without a row goes with the API's sweep.
      log.warn({ code: codeOf(error), streamId }, "the cover of a stream could not be kept");
    }
  };
}
