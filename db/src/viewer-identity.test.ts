import { expect, test } from "bun:test";
import { dayOf, makeViewerCookie, makeViewerIdentity, networkOf, viewerCookieOf, viewerOf } from "./viewer-identity.ts";

const SECRET = "a secret for tests, 32 characters and more";
const identity = makeViewerIdentity(SECRET);
const player = { cookie: null, address: "192.0.2.1", userAgent: "VLC/3.0.21" };

test("the cookie is who it is, whatever the address; without one, address and program are", () => {
  const cookie = makeViewerCookie();
  expect(identity.member({ ...player, cookie })).toBe(identity.member({ cookie, address: "::1", userAgent: "" }));
  expect(identity.member(player)).toBe(makeViewerIdentity(SECRET).member(player));
  const others = [
    { ...player, address: "192.0.2.2" },
    { ...player, userAgent: "mpv" },
    { ...player, cookie },
  ];
  expect(new Set([player, ...others].map(identity.member)).size).toBe(4);
});

test("nobody is recognised on another day, or by another platform", () => {
  const names = ["2026-11-24", "2026-11-25"].map((day) => identity.visitor(player, day));
  expect(
    new Set([...names, identity.member(player), makeViewerIdentity(`${SECRET}!`).visitor(player, "2026-11-24")]).size,
  ).toBe(4);
  for (let day = 1; day < 28; day++) identity.visitor(player, `2026-01-${day}`);
  expect(identity.visitor(player, "2026-11-24")).toBe(names[0]!);
});

test("only a cookie of our form counts, wherever it stands in the header", () => {
  const cookie = makeViewerCookie();
  const of = (header: string) => viewerCookieOf(header);
  expect([of(`streamhub_viewer=${cookie}`), of(`a=b; streamhub_viewer=${cookie}; c=d`)]).toEqual([cookie, cookie]);
  for (const header of [
    "",
    "a=b",
    `xstreamhub_viewer=${cookie}`,
    "streamhub_viewer=short",
    `streamhub_viewer=${cookie}x`,
  ])
    expect(of(header)).toBeNull();
  const request = new Request("http://tv/", {
    headers: { cookie: `streamhub_viewer=${cookie}`, "user-agent": "x".repeat(900) },
  });
  expect(viewerOf(request, "::1")).toEqual({ cookie, address: "::1", userAgent: "x".repeat(500) });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["", ""],
])("the network of %s", (address, network) => expect(networkOf(address)).toBe(network));

test("days are those of UTC", () => {
  expect([dayOf(Date.UTC(2026, 10, 24, 23, 59, 59, 999)), dayOf(Date.UTC(2026, 10, 25))]).toEqual([
    "2026-11-24",
    "2026-11-25",
  ]);
});
