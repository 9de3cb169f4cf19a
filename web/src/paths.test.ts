import { expect, test } from "bun:test";
import { entrancePath, isPage, safeNext, watchPath } from "./paths.ts";

test.each([
  ["/", true],
  ["/watch/night-train", true],
  ["/watch/night-train/", true],
  ["/watch/", false],
  ["/watch", false],
  ["/watch/a/b", false],
  ["/watch//", false],
  ["/index.html", false],
])("%s is a page: %p", (path, page) => expect(isPage(path)).toBe(page));

test("a slug is one segment, whatever is in it", () => expect(isPage(watchPath("a/b?c#d"))).toBe(true));

test.each([
  [undefined, "/"],
  ["/studio/night-train?tab=1#x", "/studio/night-train?tab=1#x"],
  ["//elsewhere.example/watch/a", "/"],
  ["/\\elsewhere.example", "/"],
  ["https://elsewhere.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["/no/such/page", "/"],
])("after signing in, %p leads to %s", (next, path) => expect(safeNext(next)).toBe(path));

test("who came from a page finds back to it", () => {
  expect(entrancePath("login", "/")).toBe("/login");
  const path = entrancePath("register", "/studio/a?b=1");
  expect(safeNext(new URL(path, "http://here").searchParams.get("next") ?? undefined)).toBe("/studio/a?b=1");
});
