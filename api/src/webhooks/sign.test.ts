/** Signatures, checked as a receiver does. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { signersOf } from "../../test/webhook-receiver.ts";
import { makeWebhookSecret, signatureOf, signedHeaders } from "./sign.ts";

// The example of the specification's reference libraries: an implementation of somebody else agrees.
test("a known message has the known signature", () => {
  const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330, body: '{"test": 2432232314}' };
  expect(signatureOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message)).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("secrets are 256 random bits, each another", () => {
  const secrets = Array.from({ length: 100 }, makeWebhookSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(secret.slice(6), "base64")).toHaveLength(32);
  }
});

test("law: a receiver takes what was signed, and nothing that differs in a character, its id, its time or its secret", () => {
  const [secret, other] = [makeWebhookSecret(), makeWebhookSecret()];
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(2 ** 31), fc.uuid(), (body, timestamp, id) => {
      const headers = new Headers(signedHeaders([secret], { id, timestamp, body }));
      const at = timestamp * 1_000;
      expect(signersOf([secret, other], headers, body, at)).toEqual([secret]);
      expect(signersOf([secret], headers, `${body} `, at)).toEqual([]);
      const changed = (name: string, value: string) => new Headers({ ...Object.fromEntries(headers), [name]: value });
      expect(signersOf([secret], changed("webhook-id", `${id}0`), body, at)).toEqual([]);
      expect(signersOf([secret], changed("webhook-timestamp", String(timestamp + 1)), body, at)).toEqual([]);
    }),
  );
});

test("a message that was recorded and is sent again later is refused by its time", () => {
  const secret = makeWebhookSecret();
  const timestamp = 1_700_000_000;
  const headers = new Headers(signedHeaders([secret], { id: "msg_1", timestamp, body: "{}" }));
  for (const [seconds, taken] of [
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ] as const)
    expect(signersOf([secret], headers, "{}", (timestamp + seconds) * 1_000).length > 0).toBe(taken);
});

test("both secrets sign while the old one counts", () => {
  const secrets = [makeWebhookSecret(), makeWebhookSecret()];
  const headers = new Headers(signedHeaders(secrets, { id: "msg_1", timestamp: 1, body: "{}" }));
  for (const secret of secrets) expect(signersOf([secret], headers, "{}", 1_000)).toEqual([secret]);
});

test("the example of docs/webhooks.md takes what is genuine and recent, and nothing else", async () => {
  const page = readFileSync(join(import.meta.dir, "../../../docs/webhooks.md"), "utf8");
  const [, example = ""] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "streamhub-example-"));
  try {
    const file = join(folder, "example.ts");
    writeFileSync(file, example);
    const { isGenuine } = (await import(file)) as {
      isGenuine: (secret: string, headers: Headers, body: string) => boolean;
    };
    const [secret, other] = [makeWebhookSecret(), makeWebhookSecret()];
    const at = (age: number) => {
      const message = { id: "msg_1", timestamp: Math.floor(Date.now() / 1_000) - age, body: "{}" };
      return new Headers(signedHeaders([other, secret], message));
    };
    expect([isGenuine(secret, at(0), "{}"), isGenuine(other, at(290), "{}")]).toEqual([true, true]);
    expect([isGenuine(secret, at(310), "{}"), isGenuine(secret, at(-310), "{}")]).toEqual([false, false]);
    expect([isGenuine(secret, at(0), "{ }"), isGenuine(makeWebhookSecret(), at(0), "{}")]).toEqual([false, false]);
    expect(isGenuine(secret, new Headers(), "{}")).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
