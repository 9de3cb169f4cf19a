/** A push service and the browsers that it delivers to: listens on a port, checks who sends (RFC 8292) and decrypts what comes (RFC 8291). */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";

export interface TestBrowser {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

export interface Received {
  /** Path of the endpoint. */
  readonly path: string;
  readonly headers: Headers;
  readonly message: Record<string, unknown>;
  /** Of the sender's token. */
  readonly claims: Record<string, unknown>;
}

export interface PushService {
  readonly origin: string;
  readonly received: readonly Received[];
  browser(): TestBrowser;
  /** Answers of an endpoint from now on, one after the other; when they are used up, 201. */
  answers(browser: TestBrowser, ...responses: (() => Response)[]): void;
  /** All requests so far, those that were refused too. */
  asked(browser: TestBrowser): number;
  stop(): Promise<void>;
}

/** RFC 8291 §3, from the browser's side. */
export function decrypt(body: Uint8Array, ecdh: ReturnType<typeof createECDH>, auth: Buffer): string {
  const bytes = Buffer.from(body);
  const salt = bytes.subarray(0, 16);
  const length = bytes.readUInt8(20);
  const sender = bytes.subarray(21, 21 + length);
  const sealed = bytes.subarray(21 + length);
  const derive = (secret: Uint8Array, from: Uint8Array, info: Uint8Array, size: number) =>
    Buffer.from(hkdfSync("sha256", secret, from, info, size));
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), ecdh.getPublicKey(), sender]);
  const ikm = derive(ecdh.computeSecret(sender), auth, info, 32);
  const key = derive(ikm, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
  const nonce = derive(ikm, salt, Buffer.from("Content-Encoding: nonce\0"), 12);
  const cipher = createDecipheriv("aes-128-gcm", key, nonce);
  cipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  const end = plain.lastIndexOf(2);
  if (end < 0 || plain.subarray(end + 1).some((byte) => byte !== 0)) throw new Error("The padding is not in order.");
  return plain.subarray(0, end).toString("utf8");
}

const decoded = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;

/** Claims of a token whose signature is good; throws for any other. */
export function claimsOf(authorization: string): Record<string, unknown> {
  const [, token = "", key = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  const [head = "", claims = "", signature = ""] = token.split(".");
  const point = Buffer.from(key, "base64url");
  const coordinate = (from: number) => point.subarray(from, from + 32).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33) };
  const publicKey = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
  const good = verify("sha256", Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, "base64url"));
  if (!good || decoded(head).alg !== "ES256") throw new Error("The sender's token is not good.");
  return decoded(claims);
}

export function startPushService(): PushService {
  const received: Received[] = [];
  const browsers = new Map<string, { ecdh: ReturnType<typeof createECDH>; auth: Buffer }>();
  const planned = new Map<string, (() => Response)[]>();
  const counts = new Map<string, number>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, origin } = new URL(request.url);
      counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
      const browser = browsers.get(pathname);
      if (browser === undefined) return new Response("", { status: 404 });
      const refusal = planned.get(pathname)?.shift();
      if (refusal !== undefined) return refusal();
      const { headers } = request;
      if (headers.get("content-encoding") !== "aes128gcm" || headers.get("ttl") === null)
        return new Response("", { status: 400 });
      const claims = claimsOf(headers.get("authorization") ?? "");
      if (claims.aud !== origin) return new Response("", { status: 403 });
      const text = decrypt(new Uint8Array(await request.arrayBuffer()), browser.ecdh, browser.auth);
      received.push({ path: pathname, headers, claims, message: JSON.parse(text) as Record<string, unknown> });
      return new Response("", { status: 201 });
    },
  });
  const pathOf = ({ endpoint }: TestBrowser) => new URL(endpoint).pathname;
  return {
    origin: server.url.origin,
    received,
    browser() {
      const ecdh = createECDH("prime256v1");
      const auth = randomBytes(16);
      const path = `/push/${randomBytes(12).toString("base64url")}`;
      const p256dh = ecdh.generateKeys("base64url");
      browsers.set(path, { ecdh, auth });
      return { endpoint: server.url.origin + path, keys: { p256dh, auth: auth.toString("base64url") } };
    },
    answers: (browser, ...responses) => planned.set(pathOf(browser), responses),
    asked: (browser) => counts.get(pathOf(browser)) ?? 0,
    stop: () => server.stop(true),
  };
}
