/** A program that webhooks tell: listens on a port, checks every signature and time as Standard Webhooks asks receivers to, and keeps what it got. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export interface ReceivedMessage {
  readonly id: string;
  /** How many signatures came along, and which of the receiver's secrets made one of them. */
  readonly signatures: number;
  readonly signedBy: readonly string[];
  readonly headers: Headers;
  readonly body: string;
  readonly message: { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> };
}

export interface TestHook {
  readonly url: string;
  /** Those that passed the check. */
  readonly received: readonly ReceivedMessage[];
  /** All requests so far, those that were refused too. */
  asked(): number;
  knows(secret: string): void;
  /** From now on, one after the other; when they are used up, 204. */
  answers(...responses: (() => Response | Promise<Response>)[]): void;
}

export interface WebhookReceiver {
  hook(): TestHook;
  stop(): Promise<void>;
}

/** Seconds that the sender's clock and ours may differ by; what is older may be a recorded message that is sent again. */
const TOLERANCE = 300;

/** Which of the secrets signed it; none for a time that is too far away. */
export function signersOf(secrets: readonly string[], headers: Headers, body: string, now: number): string[] {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  if (!/^\d+$/.test(timestamp) || Math.abs(now / 1_000 - Number(timestamp)) > TOLERANCE) return [];
  const given = (headers.get("webhook-signature") ?? "").split(" ").map((each) => Buffer.from(each));
  return secrets.filter((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const wanted = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`);
    return given.some((each) => each.length === wanted.length && timingSafeEqual(each, wanted));
  });
}

interface Hook {
  readonly secrets: string[];
  readonly received: ReceivedMessage[];
  planned: (() => Response | Promise<Response>)[];
  asked: number;
}

export function startWebhookReceiver(): WebhookReceiver {
  const hooks = new Map<string, Hook>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const hook = hooks.get(new URL(request.url).pathname);
      if (hook === undefined) return new Response("", { status: 404 });
      hook.asked++;
      const planned = hook.planned.shift();
      if (planned !== undefined) return planned();
      const { headers } = request;
      const body = await request.text();
      const signedBy = signersOf(hook.secrets, headers, body, Date.now());
      if (signedBy.length === 0) return new Response("", { status: 401 });
      hook.received.push({
        id: headers.get("webhook-id") ?? "",
        signatures: (headers.get("webhook-signature") ?? "").split(" ").length,
        signedBy,
        headers,
        body,
        message: JSON.parse(body) as ReceivedMessage["message"],
      });
      return new Response(null, { status: 204 });
    },
  });
  return {
    hook() {
      const path = `/hook/${randomBytes(12).toString("base64url")}`;
      const hook: Hook = { secrets: [], received: [], planned: [], asked: 0 };
      hooks.set(path, hook);
      return {
        url: server.url.origin + path,
        received: hook.received,
        asked: () => hook.asked,
        knows: (secret) => void hook.secrets.push(secret),
        answers: (...responses) => {
          hook.planned = responses;
        },
      };
    },
    stop: () => server.stop(true),
  };
}
