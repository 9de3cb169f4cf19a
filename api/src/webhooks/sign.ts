/** Signatures of messages to webhooks (Standard Webhooks 1.0.0): the receiver knows by them who sent a message and when. */
import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";
const SECRET_BYTES = 32;

/** `whsec_` and 256 random bits in base64. */
export const makeWebhookSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString("base64");

export interface Message {
  readonly id: string;
  /** Seconds since 1970: when it is sent. */
  readonly timestamp: number;
  /** As it is sent. */
  readonly body: string;
}

/** Of one secret: `v1,` and HMAC-SHA256 in base64. */
export function signatureOf(secret: string, { id, timestamp, body }: Message): string {
  const key = Buffer.from(secret.slice(PREFIX.length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** The headers of a message, with a signature for each secret that the receiver may have. */
export function signedHeaders(secrets: readonly string[], message: Message): Record<string, string> {
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    "webhook-signature": secrets.map((secret) => signatureOf(secret, message)).join(" "),
  };
}
