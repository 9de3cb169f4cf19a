import { expect, test } from "bun:test";
import { actionFor, type Press } from "./shortcuts.ts";

const press = (key: string, more: Partial<Press> = {}) =>
  actionFor({ key, code: "", ctrlKey: false, altKey: false, metaKey: false, focus: "other", ...more });

test("the keys that viewers know", () => {
  expect(["k", " ", "M", "f", "l", "ArrowUp", "ArrowDown"].map((key) => press(key))).toEqual([
    "toggle-play",
    "toggle-play",
    "toggle-mute",
    "toggle-fullscreen",
    "jump-to-live",
    "volume-up",
    "volume-down",
  ]);
  expect(press("x")).toBeNull();
});

test("a Russian layout types other letters on the same keys", () => {
  expect(press("ь", { code: "KeyM" })).toBe("toggle-mute");
  expect(press("а", { code: "KeyF" })).toBe("toggle-fullscreen");
});

test("the browser's own shortcuts and focused controls keep their keys", () => {
  expect(press("f", { ctrlKey: true })).toBeNull();
  expect(press("l", { metaKey: true })).toBeNull();
  expect(press(" ", { focus: "button" })).toBeNull();
  expect(press("k", { focus: "button" })).toBe("toggle-play");
  expect(press("ArrowUp", { focus: "slider" })).toBeNull();
  expect(press("m", { focus: "text" })).toBeNull();
});
