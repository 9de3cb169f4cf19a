/** The two primitives a handshake needs, handed in so that the protocol stays pure and its vectors repeatable. */
export interface HandshakeCrypto {
  randomBytes(count: number): Uint8Array;
  /** HMAC-SHA-256 (RFC 2104, FIPS 180-4): 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
}
