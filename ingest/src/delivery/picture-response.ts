import type { LivePictures } from "../pictures/broadcast-pictures.ts";
import { plain, respond } from "./media-response.ts";

/** What of a live broadcast's pictures is asked for. */
export type PictureRoute =
  | { readonly kind: "thumbnail"; readonly slug: string; readonly width: 640 | 320 }
  | { readonly kind: "storyboard"; readonly slug: string }
  /** `id`: tells the broadcast. */
  | { readonly kind: "sheet"; readonly slug: string; readonly id: number; readonly number: number };

const IMMUTABLE = "public, max-age=31536000, immutable";
/** Pictures are drawn every ten seconds. */
const FRESH = "public, max-age=10";
const SHEET = /^storyboard-(\d{1,15})-(\d{1,6})\.webp$/;
const text = new TextEncoder();

/** Of a file name; null when it is no picture's. */
export function readPictureRoute(slug: string, name: string): PictureRoute | null {
  if (name === "thumbnail.webp") return { kind: "thumbnail", slug, width: 640 };
  if (name === "thumbnail-320.webp") return { kind: "thumbnail", slug, width: 320 };
  if (name === "storyboard.vtt") return { kind: "storyboard", slug };
  const sheet = SHEET.exec(name);
  return sheet === null ? null : { kind: "sheet", slug, id: Number(sheet[1]), number: Number(sheet[2]) };
}

/** `token`: of who watches what is private; it goes on into the storyboard's URIs. */
export async function pictureResponse(
  request: Request,
  pictures: LivePictures | null,
  route: PictureRoute,
  token: string | null,
): Promise<Response> {
  const missing = () => plain(404, "There is no picture yet.");
  if (pictures === null) return missing();
  const { id } = pictures;
  if (route.kind === "thumbnail") {
    const found = pictures.thumbnail(route.width);
    if (found === null) return missing();
    const etag = `"t${route.width}-${id}-${found.version}"`;
    return respond(request, { bytes: found.bytes, type: "image/webp", cacheControl: FRESH, etag });
  }
  if (route.kind === "storyboard") {
    const found = pictures.storyboard(token);
    if (found === null) return missing();
    const bytes = text.encode(found);
    return respond(request, { bytes, type: "text/vtt", cacheControl: FRESH, etag: etagOf(bytes) });
  }
  const found = route.id === id ? await pictures.sheet(route.number) : null;
  if (found === null) return missing();
  const { bytes, isWhole } = found;
  return respond(request, {
    bytes,
    type: "image/webp",
    cacheControl: isWhole ? IMMUTABLE : FRESH,
    etag: etagOf(bytes),
  });
}

const etagOf = (bytes: Uint8Array): string => `"${Bun.hash(bytes).toString(36)}"`;
