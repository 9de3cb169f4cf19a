/** What each scope reaches, as a table, and that no route that guards the account is among it. */
import { expect, test } from "bun:test";
import { covers, scopeNeeded } from "./scopes.ts";

test.each([
  ["GET", "/api/auth/me", "read"],
  ["GET", "/api/channels/1", "read"],
  ["GET", "/api/statistics/channel/1", "read"],
  ["POST", "/api/channels/1/playback-token", "read"],
  ["GET", "/api/channels/1/stream-key", "channels"],
  ["GET", "/api/channels/1/stream-key/", "channels"],
  ["HEAD", "/api/channels/1/stream-key", "channels"],
  ["GET", "/api/channels/1/restreams", "channels"],
  ["PATCH", "/api/channels/1/restreams/2", "channels"],
  ["GET", "/api/channels/1/restreamsish", "read"],
  ["POST", "/api/channels", "channels"],
  ["GET", "/api/webhooks", "channels"],
  ["GET", "/api/webhooks/1/deliveries", "channels"],
  ["POST", "/api/webhooks/1/rotate", "channels"],
  ["GET", "/api/webhookish", "read"],
  ["PUT", "/api/channels/1/thumbnail", "channels"],
  ["POST", "/api/streams/1/stop", "channels"],
  ["PUT", "/api/users/1", "admin"],
  ["PUT", "/api/documents/terms", "admin"],
  ["POST", "/api/channelsomething", "admin"],
  ["POST", "/api/auth/tokens", null],
  ["GET", "/api/auth/tokens", null],
  ["GET", "/api/auth/sessions", null],
  ["PUT", "/api/auth/password", null],
  ["GET", "/api/auth/me/else", null],
] as const)("%s %s needs %p", (method, path, needed) => expect(scopeNeeded(method, path)).toBe(needed));

test("a scope includes those before it, and none reaches what no token may do", () => {
  const all = ["read", "channels", "admin"] as const;
  expect(all.map((given) => all.map((needed) => covers(given, needed)))).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
  expect(all.some((given) => covers(given, null))).toBe(false);
});
