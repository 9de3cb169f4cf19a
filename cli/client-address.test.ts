import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { makeClientAddress } from "./client-address.ts";

const TRUSTED = ["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "192.0.2.128/25"];

interface Case {
  readonly name: string;
  readonly peer: string | undefined;
  readonly xff?: string;
  readonly forwarded?: string;
  readonly trusted?: readonly string[];
  readonly client: string;
}

const CASES: readonly Case[] = [
  { name: "no proxy", peer: "198.51.100.7", client: "198.51.100.7" },
  { name: "a client that claims to be someone else", peer: "198.51.100.7", xff: "203.0.113.9", client: "198.51.100.7" },
  { name: "nobody is trusted", peer: "127.0.0.1", xff: "203.0.113.9", trusted: [], client: "127.0.0.1" },
  { name: "a proxy's word", peer: "127.0.0.1", xff: "203.0.113.9", client: "203.0.113.9" },
  {
    name: "the hop nearest to us that is not ours",
    peer: "10.1.2.3",
    xff: "1.1.1.1, 203.0.113.9, 10.9.9.9",
    client: "203.0.113.9",
  },
  { name: "a chain of our own", peer: "10.1.2.3", xff: "10.0.0.1, 10.0.0.2", client: "10.0.0.1" },
  { name: "a proxy that says nothing", peer: "10.1.2.3", client: "10.1.2.3" },
  { name: "words that are no address", peer: "10.1.2.3", xff: "unknown", client: "10.1.2.3" },
  { name: "words behind a known hop", peer: "10.1.2.3", xff: "1.1.1.1, junk, 10.5.5.5", client: "10.5.5.5" },
  { name: "an empty list", peer: "10.1.2.3", xff: ", ,", client: "10.1.2.3" },
  { name: "ports", peer: "127.0.0.1", xff: "203.0.113.9:4711", client: "203.0.113.9" },
  { name: "brackets and port", peer: "::1", xff: "[2001:db8::1]:443", client: "2001:db8::1" },
  { name: "mapped peer", peer: "::ffff:127.0.0.1", xff: "203.0.113.9", client: "203.0.113.9" },
  { name: "mapped peer, hexadecimal", peer: "::ffff:c633:6407", client: "198.51.100.7" },
  { name: "mapped client", peer: "127.0.0.1", xff: "::ffff:203.0.113.9", client: "203.0.113.9" },
  { name: "one spelling of IPv6", peer: "2001:0DB8:0:0:0:0:0:0001", client: "2001:db8::1" },
  { name: "the longest run of zeros is left out", peer: "2001:db8:0:0:1:0:0:0", client: "2001:db8:0:0:1::" },
  { name: "a zone is no part of the address", peer: "fe80::1%eth0", client: "fe80::1" },
  { name: "IPv6 range", peer: "fd12::1", xff: "2001:db8::2", client: "2001:db8::2" },
  { name: "outside the range by one bit", peer: "192.0.2.127", xff: "203.0.113.9", client: "192.0.2.127" },
  { name: "inside the range by one bit", peer: "192.0.2.128", xff: "203.0.113.9", client: "203.0.113.9" },
  {
    name: "a mapped range",
    peer: "172.16.0.1",
    xff: "203.0.113.9",
    trusted: ["::ffff:172.16.0.0/108"],
    client: "203.0.113.9",
  },
  { name: "everyone is trusted", peer: "8.8.8.8", xff: "203.0.113.9", trusted: ["0.0.0.0/0"], client: "203.0.113.9" },
  {
    name: "Forwarded",
    peer: "127.0.0.1",
    forwarded: 'for=192.0.2.43, for="[2001:db8:cafe::17]:4711";proto=https',
    client: "2001:db8:cafe::17",
  },
  { name: "Forwarded, hidden", peer: "127.0.0.1", forwarded: "for=_hidden;proto=https", client: "127.0.0.1" },
  {
    name: "Forwarded, quotes with commas",
    peer: "127.0.0.1",
    forwarded: 'for=1.1.1.1;host="a,b", For=203.0.113.9',
    client: "203.0.113.9",
  },
  {
    name: "both headers, one word",
    peer: "127.0.0.1",
    xff: "203.0.113.9",
    forwarded: "for=203.0.113.9",
    client: "203.0.113.9",
  },
  {
    name: "both headers, one of them the client's own",
    peer: "127.0.0.1",
    xff: "203.0.113.9",
    forwarded: "for=1.1.1.1",
    client: "127.0.0.1",
  },
  { name: "a Unix socket", peer: undefined, xff: "203.0.113.9", client: "" },
];

const headersOf = ({ xff, forwarded }: Pick<Case, "xff" | "forwarded">) =>
  new Headers({
    ...(xff === undefined ? {} : { "x-forwarded-for": xff }),
    ...(forwarded === undefined ? {} : { forwarded }),
  });

describe("the client's address", () => {
  test.each(CASES.map((each) => [each.name, each] as const))("%s", (_, each) => {
    expect(makeClientAddress(each.trusted ?? TRUSTED)(each.peer, headersOf(each))).toBe(each.client);
  });
});

const headerText = fc.string({ unit: fc.constantFrom(...'0123456789abcdef.:[],;="\\ for%/_'), maxLength: 60 });
const address = fc.oneof(fc.ipV4(), fc.ipV6());

test("whatever the headers hold, the answer is an address in one spelling", () => {
  const of = makeClientAddress(TRUSTED);
  fc.assert(
    fc.property(
      fc.constantFrom("127.0.0.1", "10.2.3.4", "::1", "8.8.8.8"),
      headerText,
      headerText,
      (peer, xff, forwarded) => {
        const client = of(peer, headersOf({ xff, forwarded }));
        expect(isIP(client)).toBeGreaterThan(0);
        expect(of(client, new Headers())).toBe(client);
      },
    ),
  );
});

test("nothing that a client writes in front changes what a proxy has added", () => {
  const of = makeClientAddress(["127.0.0.1"]);
  fc.assert(
    fc.property(headerText, address, (written, real) => {
      fc.pre(!["127.0.0.1"].includes(of(real, new Headers())));
      expect(of("127.0.0.1", headersOf({ xff: `${written}, ${real}` }))).toBe(of(real, new Headers()));
    }),
  );
});

test("a connection from elsewhere is believed only for itself", () => {
  const of = makeClientAddress(["10.0.0.0/8"]);
  fc.assert(
    fc.property(address, headerText, headerText, (peer, xff, forwarded) => {
      const plain = of(peer, new Headers());
      fc.pre(!plain.startsWith("10."));
      expect(of(peer, headersOf({ xff, forwarded }))).toBe(plain);
    }),
  );
});
