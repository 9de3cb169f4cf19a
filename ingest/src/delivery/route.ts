import { type PictureRoute, readPictureRoute } from "./picture-response.ts";

/** What a path under /live/ asks for. */
export type LiveRoute =
  | PictureRoute
  | { readonly kind: "time" }
  | { readonly kind: "master"; readonly slug: string }
  | { readonly kind: "manifest"; readonly slug: string }
  | { readonly kind: "flv"; readonly slug: string }
  | { readonly kind: "frames"; readonly slug: string }
  | { readonly kind: "playlist"; readonly slug: string; readonly rendition: string }
  | { readonly kind: "init"; readonly slug: string; readonly rendition: string; readonly epoch: number }
  | { readonly kind: "segment"; readonly slug: string; readonly rendition: string; readonly number: number }
  | {
      readonly kind: "part";
      readonly slug: string;
      readonly rendition: string;
      /** Tells the broadcast. */
      readonly prefix: number;
      readonly index: number;
    };

const SLUG = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const RENDITION = /^[a-z0-9-]{1,32}$/;
const SEGMENT = /^(\d{1,15})\.m4s$/;
const PART = /^p(\d{1,15})-(\d{1,9})\.m4s$/;
const INIT = /^init-(\d{1,15})\.mp4$/;
const FLV = ".flv";
const MAX_PATH = 256;

/**
 *   /live/time                           UTCTiming
 *   /live/{slug}.flv                     HTTP-FLV, WS-FLV
 *   /live/{slug}/ws                      CMAF frame by frame over WebSocket
 *   /live/{slug}/master.m3u8             HLS multivariant playlist
 *   /live/{slug}/manifest.mpd            DASH
 *   /live/{slug}/thumbnail.webp          640 pixels wide; thumbnail-320.webp
 *   /live/{slug}/storyboard.vtt          small pictures for rewinding, in storyboard-{id}-{number}.webp
 *   /live/{slug}/{rendition}/index.m3u8  HLS media playlist
 *   /live/{slug}/{rendition}/init-{epoch}.mp4
 *   /live/{slug}/{rendition}/{number}.m4s
 *   /live/{slug}/{rendition}/p{prefix}-{index}.m4s  HLS partial segment
 *
 * `undefined`: not under /live/ at all. `null`: nothing is there, whatever it is.
 */
export function readRoute(path: string): LiveRoute | null | undefined {
  if (!path.startsWith("/live/")) return undefined;
  if (path.length > MAX_PATH) return null;
  const [slug = "", second, third, ...rest] = path.slice("/live/".length).split("/");
  if (second === undefined) {
    if (slug === "time") return { kind: "time" };
    const name = slug.endsWith(FLV) ? slug.slice(0, -FLV.length) : "";
    return SLUG.test(name) ? { kind: "flv", slug: name } : null;
  }
  if (rest.length > 0 || !SLUG.test(slug)) return null;
  if (third === undefined) {
    if (second === "ws") return { kind: "frames", slug };
    if (second === "master.m3u8") return { kind: "master", slug };
    if (second === "manifest.mpd") return { kind: "manifest", slug };
    return readPictureRoute(slug, second);
  }
  if (!RENDITION.test(second)) return null;
  if (third === "index.m3u8") return { kind: "playlist", slug, rendition: second };
  const number = SEGMENT.exec(third)?.[1];
  if (number !== undefined) return { kind: "segment", slug, rendition: second, number: Number(number) };
  const part = PART.exec(third);
  if (part !== null) {
    return { kind: "part", slug, rendition: second, prefix: Number(part[1]), index: Number(part[2]) };
  }
  const epoch = INIT.exec(third)?.[1];
  return epoch === undefined ? null : { kind: "init", slug, rendition: second, epoch: Number(epoch) };
}
