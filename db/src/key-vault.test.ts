import { expect, test } from "bun:test";
import fc from "fast-check";
import { makeKeyVault } from "./key-vault.ts";

const SECRET = "a secret of at least 32 characters";
const vault = makeKeyVault(SECRET);

test("a sealed key comes back, under the same secret only", () => {
  const other = makeKeyVault(`${SECRET}!`);
  fc.assert(
    fc.property(fc.string({ maxLength: 100, unit: "grapheme" }), (key) => {
      const sealed = vault.seal(key);
      expect(makeKeyVault(SECRET).open(sealed)).toBe(key);
      expect(other.open(sealed)).toBeNull();
      expect(sealed.length).toBeLessThan(1_000);
    }),
  );
});

test("any change to what was sealed is noticed", () => {
  const sealed = vault.seal("live_0123456789");
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom(..."AZaz09-_"), (at, character) => {
      const bytes = (text: string) => Buffer.from(text.slice(3), "base64url").toString("hex");
      const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
      // The last character may hold bits that belong to no byte.
      fc.pre(at < 3 ? changed !== sealed : bytes(changed) !== bytes(sealed));
      expect(vault.open(changed)).toBeNull();
    }),
  );
});

test("the same key is sealed differently each time and hashed alike; the hash depends on the secret", () => {
  expect(vault.seal("key")).not.toBe(vault.seal("key"));
  expect(vault.hash("key")).toBe(makeKeyVault(SECRET).hash("key"));
  expect(vault.hash("key")).toMatch(/^[\w-]{43}$/);
  expect(vault.hash("key")).not.toBe(makeKeyVault(`${SECRET}!`).hash("key"));
});

test.each(["", "v1.", "v1.AAAA", "plain", `v2.${vault.seal("key").slice(3)}`])("%p opens to nothing", (sealed) => {
  expect(vault.open(sealed)).toBeNull();
});
