import { expect, test } from "bun:test";
import { actionFor, type Press } from "./shortcuts.ts";

const press = (key: string, more: Partial<Press> = {}) =>
  actionFor({
    ...{ key, code: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, focus: "other" },
    ...more,
  });

test.each([
  ["k", { do: "toggle-play" }],
  [" ", { do: "toggle-play" }],
  ["M", { do: "toggle-mute" }],
  ["f", { do: "toggle-fullscreen" }],
  ["t", { do: "toggle-theatre" }],
  ["c", { do: "toggle-captions" }],
  ["j", { do: "move", by: -10 }],
  ["l", { do: "move", by: 10 }],
  ["ArrowLeft", { do: "move", by: -5 }],
  ["ArrowRight", { do: "move", by: 5 }],
  ["ArrowUp", { do: "volume-up" }],
  ["0", { do: "jump", to: 0 }],
  ["9", { do: "jump", to: 0.9 }],
  ["End", { do: "jump-to-live" }],
  ["?", { do: "toggle-help" }],
] as const)("the key %s, as viewers know it", (key, action) => {
  expect(press(key)).toEqual(action as never);
});

test("any other key is nobody's", () => expect(press("x")).toBeNull());

test("a Russian layout types other letters on the same keys", () => {
  expect(press("ь", { code: "KeyM" })).toEqual({ do: "toggle-mute" });
  expect(press("а", { code: "KeyF" })).toEqual({ do: "toggle-fullscreen" });
  expect(press(",", { code: "Slash", shiftKey: true })).toEqual({ do: "toggle-help" });
  expect(press("б", { code: "Comma" })).toBeNull();
});

test("the browser's own shortcuts and focused controls keep their keys", () => {
  expect(press("f", { ctrlKey: true })).toBeNull();
  expect(press("l", { metaKey: true })).toBeNull();
  expect(press(" ", { focus: "button" })).toBeNull();
  expect(press("k", { focus: "button" })).toEqual({ do: "toggle-play" });
  expect(press("ArrowUp", { focus: "slider" })).toBeNull();
  expect(press("ArrowLeft", { focus: "slider" })).toBeNull();
  expect(press("ArrowLeft", { focus: "scrub" })).toEqual({ do: "move", by: -5 });
  expect(press("ArrowDown", { focus: "choice" })).toBeNull();
  expect(press("m", { focus: "text" })).toBeNull();
  expect(press("?", { focus: "text" })).toBeNull();
});
