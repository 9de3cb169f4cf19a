import { expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { PRFT_SIZE, writePrft } from "./prft.ts";

test("a moment of the clock in NTP's seconds and fractions, and the moment of the media", () => {
  const out = new Uint8Array(PRFT_SIZE + 2);
  // 2036-02-07T06:28:15.750Z is the last second before NTP's first era ends.
  writePrft(out, 1, 2, ms(Date.UTC(2036, 1, 7, 6, 28, 15, 750)), 2 ** 32 + 5);
  expect(out.toHex()).toBe(
    ["00", "00000020", "70726674", "01000000", "00000002", "ffffffff", "c0000000", "00000001", "00000005", "00"].join(
      "",
    ),
  );
});
