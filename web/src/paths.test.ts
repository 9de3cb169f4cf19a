import { expect, test } from "bun:test";
import { isPage, watchPath } from "./paths.ts";

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
