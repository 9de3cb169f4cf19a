/** The codes of these lengths and texts were read back with jsQR 1.4.0 (all lengths from 1 to 412 in steps of three): here they stay as they were. */
import { describe, expect, test } from "bun:test";
import { qrCode, qrPath } from "./qr.ts";

const HELLO = `
#######.##.#..#######
#.....#..##.#.#.....#
#.###.#..####.#.###.#
#.###.#.#..#..#.###.#
#.###.#.#...#.#.###.#
#.....#.#.##..#.....#
#######.#.#.#.#######
........#####........
#...#.######.#####..#
...###..#.###..#.####
#.##..#.#.##..###..#.
###..#...#...##.#....
..#.###..#..###...##.
........###.###..#.##
#######.##..##...#.#.
#.....#....##..#...#.
#.###.#.#..#..###.#.#
#.###.#....##....#.##
#.###.#..###..####...
#.....#..#...##......
#######.#...#####.#.#`.trim();

describe("a QR code", () => {
  test("of a short text, module by module", () => {
    const drawn = qrCode("HELLO")?.map((row) => row.map((dark) => (dark ? "#" : ".")).join(""));
    expect(drawn?.join("\n")).toBe(HELLO);
  });

  test.each([
    ["rtmp://live.example.org:1935/live/secret-key", 605917990],
    ["Ж".repeat(150), 903935405],
  ])("of %p", (text, sum) => expect(Bun.hash.crc32(JSON.stringify(qrCode(text)))).toBe(sum));

  test("grows with the text, up to 412 bytes", () => {
    expect(qrCode("x")?.length).toBe(21);
    expect(qrCode("x".repeat(412))?.length).toBe(77);
    expect(qrCode("x".repeat(413))).toBeNull();
  });

  test("is drawn with a quiet zone of four modules", () => {
    const { path, size } = qrPath(qrCode("HELLO") ?? []);
    expect(size).toBe(29);
    expect(path).toStartWith("M4 4h1v1h-1zM5 4h1v1h-1z");
  });
});
