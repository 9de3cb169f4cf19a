import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { readFlv } from "../remux/testing/flv.ts";
import { readAvcConfig } from "./avc-config.ts";

setDefaultTimeout(60_000);

/** The decoder configuration that a real encoder sends. */
async function configOf(size: string, args: readonly string[]): Promise<Uint8Array> {
  const child = Bun.spawn(
    [
      ...["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", `testsrc2=s=${size}:r=10`, "-frames:v", "2"],
      ...["-c:v", "libx264", "-preset", "ultrafast", ...args, "-f", "flv", "-"],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const tags = readFlv(await new Response(child.stdout).bytes());
  const config = tags.find(({ kind, body }) => kind === "video" && body[1] === 0)!;
  return config.body.subarray(5);
}

test.each([
  ["320x180", ["-pix_fmt", "yuv420p"]],
  ["1920x1080", ["-pix_fmt", "yuv420p", "-profile:v", "high", "-preset", "veryfast"]],
  ["1080x1920", ["-pix_fmt", "yuv420p", "-profile:v", "baseline"]],
  ["640x358", ["-pix_fmt", "yuv422p"]],
  ["322x182", ["-pix_fmt", "yuv444p"]],
  ["720x576", ["-pix_fmt", "yuv420p", "-flags", "+ilme+ildct", "-x264opts", "interlaced=1"]],
  ["854x480", ["-pix_fmt", "yuv420p10le"]],
  ["640x360", ["-pix_fmt", "yuv420p", "-preset", "slow", "-x264opts", "cqm=jvt"]],
] as const)("%s %p", async (size, args) => {
  const record = await configOf(size, args);
  expect(readAvcConfig(record)).toMatchObject({
    width: Number(size.split("x")[0]),
    height: Number(size.split("x")[1]),
  });
  // Cut short or damaged it is a size or none, never an error.
  for (let length = 0; length < record.length; length++) readAvcConfig(record.subarray(0, length));
  fc.assert(
    fc.property(fc.nat(record.length - 1), fc.nat(255), (at, byte) => {
      readAvcConfig(record.with(at, byte));
    }),
  );
});

test("law: any bytes give a size or none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const record of [bytes, Uint8Array.of(1, 100, 0, 40, 255, 225, 0, bytes.length, 0x67, ...bytes)]) {
        const size = readAvcConfig(record);
        if (size !== null) expect(size.width > 0 && size.height > 0 && size.width <= 16_384).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
