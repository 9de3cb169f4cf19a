/** The two RFCs of a push message: what the browser can read (8291), and who may have sent it (8292). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createECDH, randomBytes } from "node:crypto";
import { makeKeyVault, queries } from "@streamhub/db";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { claimsOf, decrypt } from "../../test/push-service.ts";
import { encryptPush, MAX_PAYLOAD, readPushKeys } from "./encrypt.ts";
import { makeVapid } from "./vapid.ts";

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

describe("encryption", () => {
  test("gives the bytes of RFC 8291 §5", async () => {
    const publicKey = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    const point = Buffer.from(publicKey, "base64url");
    const jwk = {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    };
    const ecdh = { name: "ECDH", namedCurve: "P-256" };
    const d = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const keys = {
      publicKey: await crypto.subtle.importKey("jwk", jwk, ecdh, true, []),
      privateKey: await crypto.subtle.importKey("jwk", { ...jwk, d }, ecdh, true, ["deriveBits"]),
    };
    const browser = {
      p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg",
    };
    const salt = new Uint8Array(Buffer.from("DGv6ra1nlYgDCS1FRnbzlw", "base64url"));
    const body = await encryptPush("When I grow up, I want to be a watermelon", browser, { keys, salt });
    expect(base64url(body)).toBe(
      "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    );
  });

  test("is read by the browser that it is for, up to 4,096 bytes in all", async () => {
    const ecdh = createECDH("prime256v1");
    const auth = randomBytes(16);
    const keys = { p256dh: ecdh.generateKeys("base64url"), auth: auth.toString("base64url") };
    for (const message of ["", "Ночной поезд 🚂", "x".repeat(MAX_PAYLOAD)])
      expect(decrypt(await encryptPush(message, keys), ecdh, auth)).toBe(message);
    expect((await encryptPush("x".repeat(MAX_PAYLOAD), keys)).byteLength).toBe(4_096);
    expect(encryptPush("x".repeat(MAX_PAYLOAD + 1), keys)).rejects.toThrow(RangeError);
    const [one, two] = [await encryptPush("same", keys), await encryptPush("same", keys)];
    expect(base64url(one)).not.toBe(base64url(two));
  });

  test("takes no keys that are none", async () => {
    const p256dh = createECDH("prime256v1").generateKeys("base64url");
    const auth = base64url(randomBytes(16));
    expect(await readPushKeys({ p256dh, auth })).not.toBeNull();
    const offCurve = base64url(new Uint8Array([4, ...randomBytes(64)]));
    for (const keys of [
      { p256dh: offCurve, auth },
      { p256dh: p256dh.slice(0, 80), auth },
      { p256dh, auth: auth.slice(4) },
    ])
      expect(await readPushKeys(keys)).toBeNull();
  });
});

describe("the sender", () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startPlatform();
  }, 60_000);
  afterAll(() => platform?.close());
  const vapidOf = (more = {}) =>
    makeVapid({ db: platform.database.db, vault: platform.vault, publicUrl: "https://tv.example", ...more });

  test("signs for one service, for half a day, and says where to ask", async () => {
    const now = 1_800_000_000_000;
    const vapid = vapidOf({ now: () => now });
    const claims = claimsOf(await vapid.authorization("https://push.example:8443/some/path"));
    expect(claims).toEqual({ aud: "https://push.example:8443", exp: now / 1_000 + 43_200, sub: "https://tv.example" });
    expect(claimsOf(await vapidOf({ publicUrl: null }).authorization("https://a.example/x"))).not.toHaveProperty("sub");
  });

  test("signs anew before a token runs out", async () => {
    let now = 1_800_000_000_000;
    const vapid = vapidOf({ now: () => now });
    const first = await vapid.authorization("https://push.example/1");
    expect(await vapid.authorization("https://push.example/2")).toBe(first);
    now += 7 * 3_600_000;
    expect(claimsOf(await vapid.authorization("https://push.example/1")).exp).toBe(now / 1_000 + 43_200);
  });

  test("is one for all processes, and its key lies sealed in the database", async () => {
    const keys = await Promise.all([vapidOf(), vapidOf(), vapidOf()].map((vapid) => vapid.publicKey()));
    expect(new Set(keys).size).toBe(1);
    const [row] = await platform.database.sql<
      { value: string }[]
    >`select value from settings where name = 'push.vapid'`;
    expect(row?.value).toMatch(/^v1\./);
  });

  test("is another one when the secret is, and whoever subscribed with the old one is forgotten", async () => {
    const user = await platform.makeUser();
    const before = await vapidOf().publicKey();
    await queries.savePushSubscription(platform.database.db, {
      ...{ sessionId: user.sessionId, userId: user.id, endpoint: "https://push.example/old" },
      ...{ p256dh: "x", auth: "x", locale: "en" },
    });
    const vault = makeKeyVault("another secret of 32 characters and more");
    const after = await vapidOf({ vault }).publicKey();
    expect(after).not.toBe(before);
    expect(await vapidOf({ vault }).publicKey()).toBe(after);
    expect(await queries.pushEndpointOf(platform.database.db, user.sessionId)).toBeNull();
  });
});
