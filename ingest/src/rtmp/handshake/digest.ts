/**
 * The digest ("complex") handshake. It is not in RTMP 1.0: Flash Player 9 and later, FMLE and hardware encoders built on them send it,
 * and some of them refuse a server that answers it with the plain echo. C1/S1 = time (4), version (4), then a digest block and a
 * key block of 764 bytes each; which comes first is the "schema". The digest is 32 bytes somewhere in its block.
 */
import type { HandshakeCrypto } from "./crypto.ts";

export const PACKET_SIZE = 1536;
export const DIGEST_SIZE = 32;

/** 0: key block at 8, digest block at 772. 1: digest block at 8, key block at 772. */
export type DigestSchema = 0 | 1;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** 32 bytes that follow the text in the full keys. */
const KEY_TAIL = new Uint8Array([
  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
  0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
]);

function withTail(text: Uint8Array): Uint8Array {
  const full = new Uint8Array(text.length + KEY_TAIL.length);
  full.set(text);
  full.set(KEY_TAIL, text.length);
  return full;
}

/** The texts key the C1/S1 digests; text + tail key the C2/S2 signatures. */
export const SERVER_KEY = ascii("Genuine Adobe Flash Media Server 001");
export const CLIENT_KEY = ascii("Genuine Adobe Flash Player 001");
export const SERVER_FULL_KEY = withTail(SERVER_KEY);
export const CLIENT_FULL_KEY = withTail(CLIENT_KEY);

/** Where the digest lies in a C1/S1: the sum of four bytes at the head of the digest block picks one of 728 places after them. */
export function digestOffset(packet: Uint8Array, schema: DigestSchema): number {
  const block = schema === 0 ? 772 : 8;
  const sum = packet[block]! + packet[block + 1]! + packet[block + 2]! + packet[block + 3]!;
  return block + 4 + (sum % 728);
}

/** The HMAC over the packet without its digest. */
function computeDigest(packet: Uint8Array, offset: number, key: Uint8Array, crypto: HandshakeCrypto): Uint8Array {
  const rest = new Uint8Array(PACKET_SIZE - DIGEST_SIZE);
  rest.set(packet.subarray(0, offset));
  rest.set(packet.subarray(offset + DIGEST_SIZE), offset);
  return crypto.hmacSha256(key, rest);
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The schema under which `packet` carries a good digest, and the digest; null when it carries none (a simple handshake). */
export function findDigest(
  packet: Uint8Array,
  key: Uint8Array,
  crypto: HandshakeCrypto,
): { schema: DigestSchema; digest: Uint8Array } | null {
  for (const schema of [1, 0] as const) {
    const offset = digestOffset(packet, schema);
    const digest = packet.slice(offset, offset + DIGEST_SIZE);
    if (equal(digest, computeDigest(packet, offset, key, crypto))) return { schema, digest };
  }
  return null;
}

/** A random C1/S1 with its digest in place. `version` must not be zero: zero means "no digest here". */
export function makeDigestPacket(
  version: Uint8Array,
  schema: DigestSchema,
  key: Uint8Array,
  crypto: HandshakeCrypto,
): { packet: Uint8Array; digest: Uint8Array } {
  const packet = crypto.randomBytes(PACKET_SIZE).slice();
  packet.fill(0, 0, 4);
  packet.set(version, 4);
  const offset = digestOffset(packet, schema);
  const digest = computeDigest(packet, offset, key, crypto);
  packet.set(digest, offset);
  return { packet, digest };
}

/** C2/S2: random bytes signed by a key that only a holder of the peer's digest can derive. */
export function makeSignedReply(peerDigest: Uint8Array, fullKey: Uint8Array, crypto: HandshakeCrypto): Uint8Array {
  const packet = crypto.randomBytes(PACKET_SIZE).slice();
  const key = crypto.hmacSha256(fullKey, peerDigest);
  packet.set(crypto.hmacSha256(key, packet.subarray(0, PACKET_SIZE - DIGEST_SIZE)), PACKET_SIZE - DIGEST_SIZE);
  return packet;
}

export function isSignedReply(
  packet: Uint8Array,
  ownDigest: Uint8Array,
  fullKey: Uint8Array,
  crypto: HandshakeCrypto,
): boolean {
  const key = crypto.hmacSha256(fullKey, ownDigest);
  return equal(
    packet.subarray(PACKET_SIZE - DIGEST_SIZE),
    crypto.hmacSha256(key, packet.subarray(0, PACKET_SIZE - DIGEST_SIZE)),
  );
}
