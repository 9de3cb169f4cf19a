/**
 * A picture from a stranger becomes one of ours: it is decoded and drawn anew, so that nothing of the file that came survives. What its sender
 * calls it does not count; the first bytes choose the decoder, and all other decoders that libvips has are shut.
 */
import sharp from "sharp";
import { makeGate } from "../auth/passwords.ts";
import { AppError } from "../error.ts";

export const PICTURE_KINDS = ["avatar", "thumbnail", "cover"] as const;
export type PictureKind = (typeof PICTURE_KINDS)[number];

/** An avatar is cut to a square; the others keep their shape. Nothing is enlarged. */
const SIZES: Readonly<Record<PictureKind, { width: number; height: number; square: boolean }>> = {
  avatar: { width: 512, height: 512, square: true },
  thumbnail: { width: 1_280, height: 720, square: false },
  cover: { width: 1_280, height: 720, square: false },
};

/** 8K and a little more; that takes four seconds and 200 MB at the worst, an interlaced PNG. */
const MAX_PIXELS = 40_000_000;
/** AVIF is decoded whole and slowly: 40 million pixels would take 14 seconds and 700 MB. */
const MAX_AVIF_PIXELS = 12_000_000;
/** For the longest side: nobody's picture is a thread. */
const MAX_SIDE = 16_383;
const DECODE_SECONDS = 10;
const QUALITY = 82;

sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: [
    "VipsForeignLoadJpegBuffer",
    "VipsForeignLoadPngBuffer",
    "VipsForeignLoadWebpBuffer",
    "VipsForeignLoadNsgifBuffer",
    "VipsForeignLoadHeifBuffer",
  ],
});
// No picture is decoded twice; and two at once, one thread each, leave room for those who watch.
sharp.cache(false);
sharp.concurrency(1);

const AT_ONCE = 2;
const MAX_WAITING = 12;
export const uploadsBusy = () =>
  new AppError("picture.busy", "Too many pictures are arriving at this moment.", undefined, 5);
const decoding = makeGate(AT_ONCE, MAX_WAITING, uploadsBusy);

const invalid = (detail: string) => new AppError("picture.invalid", detail);

type Format = "jpeg" | "png" | "webp" | "gif" | "avif";

/** By the bytes that a file of the format begins with; null for anything else. */
export function formatOf(bytes: Uint8Array): Format | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64)).toString("latin1");
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "webp";
  if (/^GIF8[79]a/.test(head)) return "gif";
  // ISO 23008-12: the file type box names the brands; HEVC pictures (heic) are not decoded here.
  if (head.slice(4, 8) === "ftyp" && /avi[fs]/.test(head.slice(8))) return "avif";
  return null;
}

const millions = (pixels: number) => `${pixels / 1_000_000} million pixels`;

/** What the decoder complains about, in words that help and tell nothing of the machine. */
function complaint(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const text = error instanceof Error ? error.message : "";
  if (/pixel limit/i.test(text))
    return invalid(`A picture has at most ${millions(MAX_PIXELS)}, as AVIF ${millions(MAX_AVIF_PIXELS)}.`);
  if (/timeout/i.test(text)) return invalid(`It takes more than ${DECODE_SECONDS} seconds to decode.`);
  return invalid("The file is damaged or incomplete.");
}

async function redraw(bytes: Uint8Array, format: Format, kind: PictureKind): Promise<Uint8Array> {
  const limitInputPixels = format === "avif" ? MAX_AVIF_PIXELS : MAX_PIXELS;
  const open = () => sharp(bytes, { limitInputPixels, failOn: "error", pages: 1, sequentialRead: true });
  const { width = 0, height = 0 } = await open().metadata();
  if (width < 1 || height < 1 || Math.max(width, height) > MAX_SIDE)
    throw invalid(`No side of a picture is longer than ${MAX_SIDE.toLocaleString("en")} pixels.`);
  const size = SIZES[kind];
  const side = Math.min(size.width, width, height);
  const picture = open().autoOrient().timeout({ seconds: DECODE_SECONDS });
  const sized = size.square
    ? picture.resize(side, side, { fit: "cover", position: "centre" })
    : picture.resize(size.width, size.height, { fit: "inside", withoutEnlargement: true });
  return sized.webp({ quality: QUALITY }).toBuffer();
}

/**
 * The picture as WebP in sRGB, upright, in its size, of an animation the first frame, without metadata.
 * Throws `picture.invalid`; `picture.busy` when too many wait.
 */
export async function toWebp(bytes: Uint8Array, kind: PictureKind): Promise<Uint8Array> {
  const format = formatOf(bytes);
  if (format === null) throw invalid("Send a picture as JPEG, PNG, WebP, AVIF or GIF.");
  return decoding(() =>
    redraw(bytes, format, kind).catch((error) => {
      throw complaint(error);
    }),
  );
}
