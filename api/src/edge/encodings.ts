/** Content codings (RFC 9110 §8.4): which one a client takes, and a body in it. */
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from "node:zlib";

export type Coding = "zstd" | "br" | "gzip";

/** The cheapest for its size first: what counts when a client likes several equally. */
const CODINGS: readonly Coding[] = ["zstd", "br", "gzip"];
/** Less than this fits into a packet or two as it is. */
export const MIN_BYTES = 1_024;
/** More than this is compressed on another thread, so that others do not wait for it. */
const MAX_SYNC_BYTES = 64 * 1_024;

const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
type Bytes = Uint8Array<ArrayBuffer>;
const SYNC: Readonly<Record<Coding, (bytes: Bytes) => Bytes>> = {
  zstd: (bytes) => zstdCompressSync(bytes),
  br: (bytes) => brotliCompressSync(bytes, brotli),
  gzip: (bytes) => gzipSync(bytes, { level: 6 }),
};
const [asyncZstd, asyncBrotli, asyncGzip] = [promisify(zstdCompress), promisify(brotliCompress), promisify(gzip)];
const ASYNC: Readonly<Record<Coding, (bytes: Bytes) => Promise<Bytes>>> = {
  zstd: (bytes) => asyncZstd(bytes),
  br: (bytes) => asyncBrotli(bytes, brotli),
  gzip: (bytes) => asyncGzip(bytes, { level: 6 }),
};

export const encodeSync = (coding: Coding, bytes: Bytes): Bytes => SYNC[coding](bytes);

export const encode = (coding: Coding, bytes: Bytes): Bytes | Promise<Bytes> =>
  bytes.byteLength <= MAX_SYNC_BYTES ? SYNC[coding](bytes) : ASYNC[coding](bytes);

function negotiate(header: string): Coding | null {
  const weights = new Map<string, number>();
  for (const part of header.slice(0, 500).split(",")) {
    const match = /^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i.exec(part);
    if (match !== null) weights.set(match[1]!.toLowerCase(), Math.min(1, Number(match[2] ?? 1)));
  }
  const any = weights.get("*") ?? 0;
  // Plain is always taken unless it is refused; it wins only where a client says that it likes nothing else better.
  const plain = weights.get("identity") ?? 0;
  let best: Coding | null = null;
  let most = plain;
  for (const coding of CODINGS) {
    const weight = weights.get(coding) ?? any;
    if (weight > 0 && (weight > most || (best === null && weight === most))) [best, most] = [coding, weight];
  }
  return best;
}

/** Clients of one kind say the same words, so that few answers are worth remembering. */
const known = new Map<string, Coding | null>();

/** The coding to answer an Accept-Encoding header with; null for none. */
export function chooseCoding(header: string | null): Coding | null {
  if (header === null) return null;
  const before = known.get(header);
  if (before !== undefined) return before;
  const coding = negotiate(header);
  if (known.size >= 200) known.clear();
  known.set(header, coding);
  return coding;
}

/** Each coding of a body is a representation with a tag of its own (RFC 9110 §8.8.3.3). */
export const codedTag = (etag: string, coding: Coding): string => etag.replace(/"$/, `-${coding}"`);
