import { expect, test } from "bun:test";
import { makeRebase } from "./rebase-discontinuities.ts";

const playlist = (number: number) => `#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:${number}\n#EXTINF:2,\na.m4s\n`;

test("numbers begin at zero and keep their distances, in all playlists of a player", () => {
  const rebase = makeRebase();
  expect(rebase(playlist(28_424_000))).toBe(playlist(0));
  expect(rebase(playlist(28_424_003))).toBe(playlist(3));
  expect(rebase(playlist(28_424_000))).toBe(playlist(0));
  expect(rebase(playlist(28_425_000))).toBe(playlist(1000));
});

test("a playlist without the tag stays as it is", () => {
  expect(makeRebase()("#EXTM3U\n#EXT-X-VERSION:9\n")).toBe("#EXTM3U\n#EXT-X-VERSION:9\n");
});
