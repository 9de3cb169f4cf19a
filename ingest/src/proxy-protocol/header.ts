/**
 * The header that a proxy sends before a client's first byte: PROXY protocol 1 (a line of text) and 2 (binary). Pure: bytes in, the client's
 * address and the bytes behind the header out. Whose word counts is the listener's matter.
 */
import { WireError } from "../bytes/wire-error.ts";

/** Version 1: "107 characters including the trailing CRLF" at most. */
const MAX_LINE = 107;
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const FIXED = 16;
/** Version 2 with its extensions (TLVs), which are skipped. A length up to 65,535 could be announced. */
const MAX_BINARY = 1_024;

export interface Introduced {
  /** Null: the proxy speaks for itself (LOCAL), or does not know whom for (UNKNOWN, a Unix socket). */
  readonly address: string | null;
  /** What came behind the header. */
  readonly rest: Uint8Array;
}

export class ProxyHeader {
  private bytes = new Uint8Array(0);

  /** Null: more bytes are needed; at most MAX_BINARY are kept. Throws WireError `proxy.malformed`. */
  push(more: Uint8Array): Introduced | null {
    // What can't belong to a header is not copied: it is handed on as it came.
    const room = more.subarray(0, MAX_BINARY - this.bytes.length);
    const all = new Uint8Array(this.bytes.length + room.length);
    all.set(this.bytes);
    all.set(room, this.bytes.length);
    const before = this.bytes.length;
    this.bytes = all;
    const found = all[0] === SIGNATURE[0] ? readBinary(all) : readLine(all);
    if (found === null) return null;
    return { address: found.address, rest: more.subarray(found.length - before) };
  }
}

/** Version 1, of a connection whose other numbers nobody needs. Without an address it says that there is none. */
export function encodeProxyLine(address: string): Uint8Array {
  const version = ipv4(address) !== null ? 4 : ipv6(address) !== null ? 6 : null;
  const line = version === null ? "PROXY UNKNOWN" : `PROXY TCP${version} ${address} ${address} 0 0`;
  return Uint8Array.from(`${line}\r\n`, (char) => char.charCodeAt(0));
}

interface Found {
  readonly address: string | null;
  readonly length: number;
}

function malformed(what: string): WireError {
  return new WireError("proxy.malformed", `The PROXY header ${what}`);
}

function readLine(bytes: Uint8Array): Found | null {
  const beginning = "PROXY ";
  for (let index = 0; index < Math.min(bytes.length, beginning.length); index++)
    if (bytes[index] !== beginning.charCodeAt(index)) throw malformed("is missing");
  const end = bytes.subarray(0, MAX_LINE).indexOf(0x0a);
  if (end < 0) {
    if (bytes.length >= MAX_LINE) throw malformed("is too long");
    return null;
  }
  if (bytes[end - 1] !== 0x0d) throw malformed("does not end with CRLF");
  const length = end + 1;
  const line = String.fromCharCode(...bytes.subarray(0, end - 1));
  const [, family, ...words] = line.split(" ");
  // "the receiver must ignore anything presented before the CRLF".
  if (family === "UNKNOWN") return { address: null, length };
  const [source = "", destination = "", from = "", to = ""] = words;
  if (words.length !== 4 || !isPort(from) || !isPort(to)) throw malformed("is no line of addresses and ports");
  const read = family === "TCP4" ? ipv4 : family === "TCP6" ? ipv6 : null;
  const address = read?.(source) ?? null;
  if (read === null || address === null || read(destination) === null)
    throw malformed("has no addresses of its family");
  return { address, length };
}

function readBinary(bytes: Uint8Array): Found | null {
  for (let index = 0; index < Math.min(bytes.length, SIGNATURE.length); index++)
    if (bytes[index] !== SIGNATURE[index]) throw malformed("has no signature");
  if (bytes.length < FIXED) return null;
  const [command, family] = [bytes[12]!, bytes[13]!];
  const length = FIXED + ((bytes[14]! << 8) | bytes[15]!);
  if (command >> 4 !== 2 || (command & 15) > 1) throw malformed("is of another version");
  if (length > MAX_BINARY) throw malformed("is too long");
  if (bytes.length < length) return null;
  if ((command & 15) === 0) return { address: null, length };
  const size = { 17: 4, 33: 16 }[family];
  // "the receiver ... should accept the connection" of families it has no use for, with the address of the connection itself.
  if (size === undefined) return { address: null, length };
  if (length < FIXED + 2 * size + 4) throw malformed("is too short for its addresses");
  const source = [...bytes.subarray(FIXED, FIXED + size)];
  return { address: size === 4 ? source.join(".") : ipv6(wordsOf(source)), length };
}

const isPort = (text: string) => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

function ipv4(text: string): string | null {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
    ? text
    : null;
}

const wordsOf = (bytes: readonly number[]) =>
  Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16)).join(":");

/** In one spelling (RFC 5952, IPv4-mapped as IPv4): limits use it as a key. */
function ipv6(text: string): string | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text) || !URL.canParse(`http://[${text}]`)) return null;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
