/** One attempt to deliver a message to a webhook. */
import type { KeyVault, queries } from "@streamhub/db";
import { type Outbound, OutboundError } from "../outbound/outbound.ts";
import { retryDelay } from "./retries.ts";
import { signedHeaders } from "./sign.ts";

export interface AttemptOptions {
  readonly vault: KeyVault;
  readonly outbound: Outbound;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

const GONE = 410;

function faultOf(error: unknown): queries.DeliveryFault {
  if (error instanceof OutboundError) return "address";
  return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "unreachable";
}

/** Never rejects: whatever goes wrong is an outcome. */
export function makeAttempt({ vault, outbound, now, random }: AttemptOptions) {
  return async (delivery: queries.ClaimedDelivery): Promise<queries.DeliveryOutcome> => {
    const { messageId, body, attempts, url, secretSealed, oldSecretSealed } = delivery;
    const failed = (status: number | null, fault: queries.DeliveryFault | null, retryAfter: number | null = null) => ({
      kind: "failed" as const,
      status,
      fault,
      retryIn: status === GONE ? null : retryDelay(attempts, random(), retryAfter),
      isGone: status === GONE,
    });
    const secret = vault.open(secretSealed);
    if (secret === null) return failed(null, "secret");
    const old = oldSecretSealed === null ? null : vault.open(oldSecretSealed);
    const message = { id: messageId, timestamp: Math.floor(now() / 1_000), body };
    try {
      const { status, retryAfter } = await outbound.post(url, {
        headers: {
          ...signedHeaders(old === null ? [secret] : [secret, old], message),
          "content-type": "application/json",
          "user-agent": "StreamHub",
        },
        body: new TextEncoder().encode(body),
      });
      if (status < 200 || status > 299) return failed(status, null, retryAfter);
      return { kind: "delivered", status, fault: null, retryIn: null, isGone: false };
    } catch (error) {
      return failed(null, faultOf(error));
    }
  };
}
