/**
 * RTMP 1.0 §5.2, the server's side.
 *
 * | state    | on                | does                       | next  |
 * | -------- | ----------------- | -------------------------- | ----- |
 * | wait-c1  | C0 + C1 complete  | sends S0 S1 S2 in one piece | wait-c2 |
 * | wait-c2  | C2 complete       | nothing                    | done  |
 * | done     | -                 | takes no byte              | done  |
 *
 * Deviation: S0, S1 and S2 leave together although §5.2.1 lets the server wait for C2's like: every real client accepts it and
 * it saves a round trip. C2 is not compared with S1: replays, proxies and old encoders send other bytes there.
 */
import { WireError } from "../../bytes/wire-error.ts";
import { Collector } from "./collector.ts";
import type { HandshakeCrypto } from "./crypto.ts";
import {
  CLIENT_KEY,
  findDigest,
  makeDigestPacket,
  makeSignedReply,
  PACKET_SIZE,
  SERVER_FULL_KEY,
  SERVER_KEY,
} from "./digest.ts";

const RTMP_VERSION = 3;
/** Any non-zero version announces a digest in S1; this is the value that Flash Media Server 3.5 used. */
const SERVER_VERSION = new Uint8Array([3, 5, 1, 1]);

export class ServerHandshake {
  private readonly c0c1 = new Collector(1 + PACKET_SIZE);
  private readonly c2 = new Collector(PACKET_SIZE);
  private state: "wait-c1" | "wait-c2" | "done" = "wait-c1";
  private reply: Uint8Array | null = null;

  constructor(private readonly crypto: HandshakeCrypto) {}

  get done(): boolean {
    return this.state === "done";
  }

  /** Consumes handshake bytes from `input`; returns how many were its own. The rest belongs to the chunk stream. */
  push(input: Uint8Array): number {
    let position = 0;
    if (this.state === "wait-c1") {
      position = this.c0c1.push(input, position);
      // §5.2.2: versions 0-2 are obsolete, 4-31 reserved, 32-255 not allowed (they let text protocols be told apart).
      if (this.c0c1.first !== undefined && this.c0c1.first !== RTMP_VERSION) {
        throw new WireError("handshake.version", `RTMP version ${this.c0c1.first} offered, ${RTMP_VERSION} expected`);
      }
      if (!this.c0c1.complete) return position;
      this.reply = answer(this.c0c1.bytes.subarray(1), this.crypto);
      this.state = "wait-c2";
    }
    if (this.state === "wait-c2") {
      position = this.c2.push(input, position);
      if (this.c2.complete) this.state = "done";
    }
    return position;
  }

  /** S0 + S1 + S2, once. */
  takeReply(): Uint8Array | null {
    const reply = this.reply;
    this.reply = null;
    return reply;
  }
}

function answer(c1: Uint8Array, crypto: HandshakeCrypto): Uint8Array {
  const reply = new Uint8Array(1 + 2 * PACKET_SIZE);
  reply[0] = RTMP_VERSION;
  const version = c1[4]! | c1[5]! | c1[6]! | c1[7]!;
  // A zero version field means the simple handshake (§5.2.3 "zero"); ffmpeg sends a version and a digest, OBS neither.
  const found = version === 0 ? null : findDigest(c1, CLIENT_KEY, crypto);
  if (found) {
    reply.set(makeDigestPacket(SERVER_VERSION, found.schema, SERVER_KEY, crypto).packet, 1);
    reply.set(makeSignedReply(found.digest, SERVER_FULL_KEY, crypto), 1 + PACKET_SIZE);
    return reply;
  }
  // §5.2.3: time, four zero bytes, 1528 random bytes. §5.2.4: S2 = C1's time, the time C1 was read, C1's random bytes.
  reply.set(crypto.randomBytes(PACKET_SIZE - 8), 1 + 8);
  reply.set(c1, 1 + PACKET_SIZE);
  return reply;
}
