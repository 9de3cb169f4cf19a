/** Pictures on the disk: written once under a random name, never changed, removed when nothing shows them any more. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const UPLOADS_PATH = "/uploads/";
/** 128 random bits in base64url. Whoever knows a name may see the picture: that is all the secrecy there is. */
const NAME = /^[A-Za-z0-9_-]{22}\.webp$/;
const UNFINISHED = /^[A-Za-z0-9_-]{22}\.webp\.part$/;

export const isPictureName = (name: string): boolean => NAME.test(name);
export const pictureUrl = (name: string): string => `${UPLOADS_PATH}${name}`;

/** The file's name in an address of ours; null for any other address. */
export function pictureName(url: string): string | null {
  const name = url.startsWith(UPLOADS_PATH) ? url.slice(UPLOADS_PATH.length) : "";
  return isPictureName(name) ? name : null;
}

export const picturePath = (folder: string, name: string): string => join(folder, name);

/** Writes a picture whole or not at all; gives its address. */
export async function savePicture(folder: string, bytes: Uint8Array): Promise<string> {
  const name = `${randomBytes(16).toString("base64url")}.webp`;
  const part = picturePath(folder, `${name}.part`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(part, bytes, { flag: "wx", mode: 0o644 });
    await rename(part, picturePath(folder, name));
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
  return pictureUrl(name);
}

/** Removes the files behind addresses of ours, as far as they are there. What can't be removed now, the sweep finds. */
export async function removePictures(folder: string, urls: readonly (string | null)[]): Promise<void> {
  const names = urls.map((url) => (url === null ? null : pictureName(url))).filter((name) => name !== null);
  await Promise.all(names.map((name) => rm(picturePath(folder, name), { force: true }).catch(() => {})));
}

/** Files that are at least so old, in batches: finished pictures by their addresses. Unfinished ones of that age are removed on the way. */
export async function* oldPictures(folder: string, before: number, batch = 500): AsyncGenerator<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let urls: string[] = [];
  for (const name of names) {
    const unfinished = UNFINISHED.test(name);
    if (!unfinished && !isPictureName(name)) continue;
    const file = picturePath(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs > before) continue;
    if (unfinished) await rm(file, { force: true }).catch(() => {});
    else urls.push(pictureUrl(name));
    if (urls.length < batch) continue;
    yield urls;
    urls = [];
  }
  if (urls.length > 0) yield urls;
}
