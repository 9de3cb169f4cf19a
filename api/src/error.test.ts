import { expect, test } from "bun:test";
import { join } from "node:path";
import { PROBLEMS } from "./error.ts";

test("docs/errors.md has one line for every code, with its status, and none for others", async () => {
  const text = await Bun.file(join(import.meta.dir, "..", "..", "docs", "errors.md")).text();
  const lines = [...text.matchAll(/^\| `([\w.-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`);
  const codes = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
  expect(lines.toSorted()).toEqual(codes.toSorted());
});
