/** The picture in a request: the body itself, or the field `file` of a form. Never more of it than a picture may have is kept. */
import { AppError } from "../error.ts";

export const MAX_PICTURE_BYTES = 8 * 1_024 * 1_024;
/** A form has some words around its file. */
const MAX_FORM_BYTES = MAX_PICTURE_BYTES + 64 * 1_024;
const READ_MS = 60_000;

const tooLarge = () => new AppError("request.too-large", "A picture has at most 8 MiB.");

export interface UploadLimits {
  /** Milliseconds from here to the last byte. */
  readonly milliseconds: number;
}

/** Throws `request.too-large` as soon as that is sure, `request.slow`, `request.unreadable` when the client goes away. */
async function readBytes(request: Request, maxBytes: number, milliseconds: number): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("request.slow")), milliseconds);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      length += value.byteLength;
      if (length > maxBytes) throw tooLarge();
      parts.push(value);
    }
  } catch (error) {
    // Nobody waits for what the client does with this.
    reader.cancel().catch(() => {});
    throw error instanceof AppError ? error : new AppError("request.unreadable");
  } finally {
    clearTimeout(timer);
  }
  return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts, length));
}

async function fileOf(form: Uint8Array, contentType: string): Promise<Uint8Array> {
  const fields = await new Response(form as Uint8Array<ArrayBuffer>, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => {
      throw new AppError("request.unreadable", "This is no multipart form.");
    });
  const file = fields.get("file");
  if (!(file instanceof Blob))
    throw new AppError("request.invalid", undefined, [
      { field: "/file", in: "body", message: "The form has no file of this name" },
    ]);
  if (file.size > MAX_PICTURE_BYTES) throw tooLarge();
  return new Uint8Array(await file.arrayBuffer());
}

/** The bytes of the picture, whatever they are. Throws `request.media-type` and what reading throws. */
export async function readPicture(request: Request, { milliseconds }: UploadLimits = { milliseconds: READ_MS }) {
  const contentType = request.headers.get("content-type") ?? "";
  const type = contentType.replace(/;.*/s, "").trim().toLowerCase();
  const coding = request.headers.get("content-encoding");
  if (coding !== null && coding !== "identity")
    throw new AppError("request.media-type", "Send the picture without Content-Encoding.");
  if (type === "multipart/form-data")
    return fileOf(await readBytes(request, MAX_FORM_BYTES, milliseconds), contentType);
  if (!/^(image\/[\w.+-]+|application\/octet-stream)$/.test(type))
    throw new AppError("request.media-type", "Send a picture, or a form with the field file.");
  const bytes = await readBytes(request, MAX_PICTURE_BYTES, milliseconds);
  if (bytes.byteLength === 0) throw new AppError("picture.invalid", "There is nothing in the body.");
  return bytes;
}
