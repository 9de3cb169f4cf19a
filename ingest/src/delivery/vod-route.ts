/** What a path under /vod/ asks for. */
export type VodRoute =
  | { readonly kind: "master" | "manifest" | "download" | "storyboard"; readonly streamId: number }
  | { readonly kind: "sheet"; readonly streamId: number; readonly number: number }
  | { readonly kind: "playlist"; readonly streamId: number; readonly rendition: string }
  /** `number`: of the segment, or of the epoch that an initialization segment is of. */
  | {
      readonly kind: "segment" | "init";
      readonly streamId: number;
      readonly rendition: string;
      readonly number: number;
    };

const PATH = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/vod\/([^?#]*)/i;
const ID = /^[1-9]\d{0,9}$/;
const WHOLE = {
  "master.m3u8": "master",
  "manifest.mpd": "manifest",
  "download.mp4": "download",
  "storyboard.vtt": "storyboard",
} as const;
const SHEET = /^storyboard-(\d{1,6})\.webp$/;
const RENDITION = /^[a-z0-9-]{1,32}$/;
const SEGMENT = /^(\d{1,15})\.m4s$/;
const INIT = /^init-(\d{1,15})\.mp4$/;
const MAX_PATH = 200;

/**
 *   /vod/{streamId}/master.m3u8             HLS multivariant playlist
 *   /vod/{streamId}/manifest.mpd            DASH
 *   /vod/{streamId}/download.mp4            the whole as one file
 *   /vod/{streamId}/storyboard.vtt          small pictures for the bar, in storyboard-{number}.webp
 *   /vod/{streamId}/{rendition}/index.m3u8  HLS media playlist
 *   /vod/{streamId}/{rendition}/init-{epoch}.mp4
 *   /vod/{streamId}/{rendition}/{number}.m4s
 *
 * `undefined`: not under /vod/ at all. `null`: nothing is there, whatever it is.
 */
export function readVodRoute(url: string): VodRoute | null | undefined {
  const path = PATH.exec(url)?.[1];
  if (path === undefined) return undefined;
  if (path.length > MAX_PATH) return null;
  const [id = "", second = "", third, ...rest] = path.split("/");
  if (!ID.test(id) || rest.length > 0) return null;
  const streamId = Number(id);
  if (third === undefined) {
    if (Object.hasOwn(WHOLE, second)) return { kind: WHOLE[second as keyof typeof WHOLE], streamId };
    const sheet = SHEET.exec(second)?.[1];
    return sheet === undefined ? null : { kind: "sheet", streamId, number: Number(sheet) };
  }
  if (!RENDITION.test(second)) return null;
  if (third === "index.m3u8") return { kind: "playlist", streamId, rendition: second };
  const [segment, init] = [SEGMENT.exec(third)?.[1], INIT.exec(third)?.[1]];
  if (segment !== undefined) return { kind: "segment", streamId, rendition: second, number: Number(segment) };
  return init === undefined ? null : { kind: "init", streamId, rendition: second, number: Number(init) };
}
