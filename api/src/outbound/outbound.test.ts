/** What the platform may be made to ask: public addresses over https, the one that was looked at, and nothing that it leads to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isPublicAddress } from "@streamhub/db/public-address";
import { makeOutbound, OutboundError } from "./outbound.ts";

test.each([
  ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
  ...["192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1"],
  ...["fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::"],
  ...["2001:db8::1", "not an address", ""],
])("%s is not public", (address) => expect(isPublicAddress(address)).toBe(false));

test.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.167.0.1", "2606:4700::1111", "2a00:1450::1"])(
  "%s is public",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  ...["http://push.example/x", "ftp://push.example/x", "https://user:secret@push.example/x", "nothing", "https://"],
  ...["https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x", "https://0x7f.1/x", "https://localhost/x"],
  ...["https://a.localhost/x", "https://db.internal/x", "https://printer.local/x", "https://[::ffff:10.0.0.1]/x"],
])("%s is refused without being looked up", (url) => expect(makeOutbound().refuses(url)).not.toBeNull());

test("a public address may be asked", () => expect(makeOutbound().refuses("https://push.example:8443/x?y")).toBeNull());

describe("asking", () => {
  let asked: { path: string; host: string | null; body: string }[] = [];
  let server: ReturnType<typeof Bun.serve>;
  beforeAll(() => {
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname } = new URL(request.url);
        asked.push({ path: pathname, host: request.headers.get("host"), body: await request.text() });
        if (pathname === "/elsewhere") return Response.redirect("/secret", 307);
        if (pathname === "/slow") await Bun.sleep(60_000);
        return new Response("x".repeat(100_000), { status: 429, headers: { "retry-after": "17" } });
      },
    });
  });
  afterAll(() => server.stop(true));
  const body = new TextEncoder().encode("hello");
  const url = (path: string, host = "push.example") => `http://${host}:${server.port}${path}`;
  const resolve = async () => ["127.0.0.1"];

  test("goes to the address that was looked at, and names the host", async () => {
    const outbound = makeOutbound({ anywhere: true, resolve });
    const answer = await outbound.post(url("/x"), { headers: { ttl: "1" }, body });
    expect(answer).toEqual({ status: 429, retryAfter: 17 });
    expect(asked).toEqual([{ path: "/x", host: `push.example:${server.port}`, body: "hello" }]);
  });

  test("follows nothing", async () => {
    asked = [];
    const outbound = makeOutbound({ anywhere: true, resolve });
    expect((await outbound.post(url("/elsewhere"), { headers: {}, body })).status).toBe(307);
    expect(asked.map(({ path }) => path)).toEqual(["/elsewhere"]);
  });

  test("asks nothing whose name leads inside, if only with one of its addresses", async () => {
    for (const addresses of [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::1"], []]) {
      const outbound = makeOutbound({ resolve: async () => addresses });
      const refused = outbound.post("https://push.example/x", { headers: {}, body });
      expect(refused).rejects.toThrow(OutboundError);
    }
  });

  test("waits for an answer only so long", async () => {
    const outbound = makeOutbound({ anywhere: true, resolve, timeout: 200 });
    expect(outbound.post(url("/slow"), { headers: {}, body })).rejects.toThrow();
  });
});
