import { createHmac } from "node:crypto";
import type { HandshakeCrypto } from "../src/rtmp/handshake/crypto.ts";

/** Real HMACs, repeatable "random" bytes: a run that fails can be run again. */
export function seededCrypto(seed = 1): HandshakeCrypto {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
  return {
    randomBytes: (count) => Uint8Array.from({ length: count }, next),
    hmacSha256: (key, data) => createHmac("sha256", key).update(data).digest(),
  };
}
