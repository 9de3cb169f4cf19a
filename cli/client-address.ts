/**
 * Whose request it is: the address at the other end of the connection, or, when that is a trusted proxy, the one that the proxy names.
 * Pure; addresses come out in one spelling (RFC 5952, IPv4-mapped IPv6 as IPv4), so that limits can use them as keys.
 */
import { isIP } from "node:net";

/** 4 or 16 bytes. */
type Bytes = readonly number[];

function ipv4(text: string): Bytes | null {
  return isIP(text) === 4 ? text.split(".").map(Number) : null;
}

function ipv6(text: string): Bytes | null {
  if (isIP(text) !== 6) return null;
  const bare = text.split("%", 1)[0]!;
  const tail = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(bare)?.[0];
  const last = tail === undefined ? [] : ipv4(tail);
  if (last === null) return null;
  const words = tail === undefined ? bare : bare.slice(0, -tail.length).replace(/([^:]):$/, "$1");
  const [left = "", right] = words.split("::");
  const bytesOf = (part: string) =>
    part === ""
      ? []
      : part.split(":").flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
  const front = bytesOf(left);
  const back = [...bytesOf(right ?? ""), ...last];
  const bytes = [...front, ...new Array<number>(Math.max(0, 16 - front.length - back.length)).fill(0), ...back];
  return bytes.length === 16 ? bytes : null;
}

const MAPPED: Bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/** Null for what is not an address. */
function parse(text: string): Bytes | null {
  const bytes = ipv4(text) ?? ipv6(text);
  if (bytes?.length === 16 && MAPPED.every((byte, index) => bytes[index] === byte)) return bytes.slice(12);
  return bytes;
}

function format(bytes: Bytes): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16),
  );
  // The longest run of zeros, the first of equals, of two words and more, becomes "::".
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && words[at + length] === "0") length++;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return words.join(":");
  return `${words.slice(0, best.at).join(":")}::${words.slice(best.at + best.length).join(":")}`;
}

interface Range {
  readonly bytes: Bytes;
  readonly bits: number;
}

function within({ bytes, bits }: Range, address: Bytes): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const left = Math.min(8, Math.max(0, bits - 8 * index));
    const mask = (0xff << (8 - left)) & 0xff;
    return (byte & mask) === (address[index]! & mask);
  });
}

function parseRange(text: string): Range[] {
  const [address = "", length] = text.split("/");
  const bytes = parse(address);
  if (bytes === null) return [];
  const given = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
  // The prefix of a mapped range counts the 96 bits in front of the IPv4 address.
  const bits = bytes.length === 4 && address.includes(":") ? Math.max(0, given - 96) : given;
  return [{ bytes, bits: Math.min(bits, bytes.length * 8) }];
}

/** A hop without its port and brackets, of either header. */
const bareHop = (hop: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;

/** The `for` of each element of a Forwarded header (RFC 7239), quotes taken off. */
function forwardedHops(header: string): string[] {
  const elements = header.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return elements.map((element) => {
    const [, quoted, plain] = /(?:^|;)\s*for\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/i.exec(element) ?? [];
    return quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
  });
}

/** Whether an address lies in one of these addresses and CIDR ranges. */
export function makeAddressList(list: readonly string[]): (address: string) => boolean {
  const ranges = list.flatMap(parseRange);
  return (text) => {
    const address = ranges.length === 0 ? null : parse(text);
    return address !== null && ranges.some((range) => within(range, address));
  };
}

export type ClientAddress = (peer: string | undefined, headers: Headers) => string;

/** `trustedProxies`: addresses and CIDR ranges. Gives "" when the connection has no address (a Unix socket). */
export function makeClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.flatMap(parseRange);
  const trusted = (address: Bytes) => ranges.some((range) => within(range, address));

  /** From our end of the chain outward: the first hop that is no proxy of ours. Words that are no address end the walk. */
  function outermost(peer: Bytes, hops: readonly string[]): string {
    let found = peer;
    for (const hop of [...hops].reverse()) {
      const address = parse(bareHop(hop.trim()));
      if (address === null) break;
      found = address;
      if (!trusted(address)) break;
    }
    return format(found);
  }

  /** Of peers that are no proxies: nearly all requests come from those that came before. */
  const known = new Map<string, string>();
  function remember(peer: string, found: string): string {
    if (known.size >= 1_000) known.clear();
    known.set(peer, found);
    return found;
  }

  return (peer, headers) => {
    const before = peer === undefined ? undefined : known.get(peer);
    if (before !== undefined) return before;
    const address = peer === undefined ? null : parse(peer);
    if (address === null || peer === undefined) return peer ?? "";
    if (ranges.length === 0 || !trusted(address)) return remember(peer, format(address));
    const list = headers.get("x-forwarded-for");
    const forwarded = headers.get("forwarded");
    const named = [
      ...(list === null ? [] : [outermost(address, list.split(","))]),
      ...(forwarded === null ? [] : [outermost(address, forwardedHops(forwarded))]),
    ];
    // A proxy writes one of the two and passes the other on as the client sent it: where they disagree, neither is believed.
    const [first = format(address), second = first] = named;
    return first === second ? first : format(address);
  };
}
