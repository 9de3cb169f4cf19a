/**
 * RTMP 1.0 §5.2, the client's side, and the digest form of it.
 *
 * | state        | on                 | does                                | next |
 * | ------------ | ------------------ | ----------------------------------- | ---- |
 * | start        | `begin()`          | sends C0 C1                          | wait |
 * | wait         | S0 S1 S2 complete  | checks digest and signature, sends C2 | done |
 */
import { WireError } from "../../bytes/wire-error.ts";
import { Collector } from "./collector.ts";
import type { HandshakeCrypto } from "./crypto.ts";
import {
  CLIENT_FULL_KEY,
  CLIENT_KEY,
  type DigestSchema,
  findDigest,
  isSignedReply,
  makeDigestPacket,
  makeSignedReply,
  PACKET_SIZE,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "./digest.ts";

const RTMP_VERSION = 3;
const CLIENT_VERSION = new Uint8Array([9, 0, 124, 2]);

export type ClientHandshakeKind = "simple" | { readonly digest: DigestSchema };

export class ClientHandshake {
  private readonly s0s1s2 = new Collector(1 + 2 * PACKET_SIZE);
  private ownDigest: Uint8Array | null = null;
  private reply: Uint8Array | null = null;
  private finished = false;
  /** Set when the server proved to know the digest keys. Only ever true for a digest handshake. */
  verified = false;

  constructor(
    private readonly kind: ClientHandshakeKind,
    private readonly crypto: HandshakeCrypto,
  ) {}

  get done(): boolean {
    return this.finished;
  }

  /** C0 + C1. */
  begin(): Uint8Array {
    const out = new Uint8Array(1 + PACKET_SIZE);
    out[0] = RTMP_VERSION;
    if (this.kind === "simple") {
      out.set(this.crypto.randomBytes(PACKET_SIZE - 8), 9);
    } else {
      const made = makeDigestPacket(CLIENT_VERSION, this.kind.digest, CLIENT_KEY, this.crypto);
      this.ownDigest = made.digest;
      out.set(made.packet, 1);
    }
    return out;
  }

  push(input: Uint8Array): number {
    if (this.finished) return 0;
    const position = this.s0s1s2.push(input, 0);
    if (this.s0s1s2.first !== undefined && this.s0s1s2.first !== RTMP_VERSION) {
      throw new WireError("handshake.version", `server answered with RTMP version ${this.s0s1s2.first}`);
    }
    if (this.s0s1s2.complete) {
      const s1 = this.s0s1s2.bytes.subarray(1, 1 + PACKET_SIZE);
      const s2 = this.s0s1s2.bytes.subarray(1 + PACKET_SIZE);
      const found = this.ownDigest ? findDigest(s1, SERVER_KEY, this.crypto) : null;
      this.verified = found !== null && isSignedReply(s2, this.ownDigest!, SERVER_FULL_KEY, this.crypto);
      this.reply = found ? makeSignedReply(found.digest, CLIENT_FULL_KEY, this.crypto) : s1.slice();
      this.finished = true;
    }
    return position;
  }

  /** C2, once. */
  takeReply(): Uint8Array | null {
    const reply = this.reply;
    this.reply = null;
    return reply;
  }
}
