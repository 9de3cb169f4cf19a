/**
 * How a stream key lies in the database: a keyed hash to find it by, and the key itself encrypted, so that its owner can see it again.
 * Both need a secret that is not in the database: a leaked copy of it hands out no usable key.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

export interface KeyVault {
  /** HMAC-SHA256, base64url, 43 characters: what `channels.stream_key` holds. */
  hash(streamKey: string): string;
  /** AES-256-GCM: `v1.` and base64url of nonce, tag and text. */
  seal(streamKey: string): string;
  /** The key; null when it was sealed with another secret, or is damaged. */
  open(sealed: string): string | null;
}

const NONCE = 12;
const TAG = 16;
const VERSION = "v1.";

/** `secret`: at least 32 characters, from outside the database. */
export function makeKeyVault(secret: string): KeyVault {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", secret, "streamhub", purpose, 32));
  const hashKey = derive("stream-key lookup");
  const sealKey = derive("stream-key seal");
  return {
    hash: (streamKey) => createHmac("sha256", hashKey).update(streamKey).digest("base64url"),
    seal(streamKey) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", sealKey, nonce);
      const text = Buffer.concat([cipher.update(streamKey, "utf8"), cipher.final()]);
      return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64url");
    },
    open(sealed) {
      if (!sealed.startsWith(VERSION)) return null;
      const bytes = Buffer.from(sealed.slice(VERSION.length), "base64url");
      if (bytes.length < NONCE + TAG) return null;
      const decipher = createDecipheriv("aes-256-gcm", sealKey, bytes.subarray(0, NONCE));
      decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
      try {
        return decipher.update(bytes.subarray(NONCE + TAG), undefined, "utf8") + decipher.final("utf8");
      } catch {
        return null;
      }
    },
  };
}
