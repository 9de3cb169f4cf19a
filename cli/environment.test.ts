/** What the programs that a server starts get to see of its environment. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publish, removeDataDir, startServer, until } from "./e2e/server.ts";

setDefaultTimeout(90_000);

const folder = mkdtempSync(join(tmpdir(), "streamhub-children-"));
const cleanUps: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const SECRETS = {
  JWT_SECRET: "a secret for tokens, of more than 32 characters",
  STREAM_KEY_SECRET: "a secret for stream keys, of more than 32 characters",
  METRICS_TOKEN: "a token for metrics, of more than 32 characters",
};

test("a child process is given no secret of the environment", async () => {
  const ffmpeg = join(folder, "ffmpeg");
  // Writes down what it is called with and what it sees, then is the real one.
  const script = `#!/bin/sh\n{ echo "$*"; env; } > "${folder}/seen-$$"\nexec "${Bun.which("ffmpeg")}" "$@"\n`;
  writeFileSync(ffmpeg, script, { mode: 0o755 });
  const server = await startServer({ env: { ...SECRETS, FFMPEG_PATH: ffmpeg, REMUXER: "ffmpeg" } });
  cleanUps.push(() => removeDataDir(server.dataDir));
  cleanUps.push(() => server.stop());
  const encoder = publish(`${server.rtmp}/${server.streamKey}`);
  cleanUps.push(() => encoder.stop());
  const seen = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith("seen-"))
      .map((name) => readFileSync(join(folder, name), "utf8"));
  // Asked for its version, remuxing, drawing a thumbnail.
  const kinds = [/^-version$/m, / -i pipe:0 .* -f mp4 .* pipe:1$/m, /webp/];
  const all = await until("each kind of ffmpeg has run", async () => {
    const texts = seen();
    return kinds.every((kind) => texts.some((text) => kind.test(text))) ? texts : null;
  });
  for (const text of all) {
    expect(text).toContain("PATH=");
    for (const [name, value] of Object.entries(SECRETS)) {
      expect(text).not.toContain(name);
      expect(text).not.toContain(value);
    }
  }
});
