/** A real S3 server for tests, in a process of its own, with its files in a temporary folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Options } from "../s3.ts";

export interface ScratchS3 extends S3Options {
  close(): Promise<void>;
}

const SERVER = join(import.meta.dir, "..", "..", "..", "..", "node_modules", "s3rver", "bin", "s3rver.js");

export async function startScratchS3(): Promise<ScratchS3> {
  const bucket = "recordings";
  const directory = mkdtempSync(join(tmpdir(), "streamhub-s3-"));
  // It names pages of lists with DES, which Node has among its old ciphers only, and Bun has not.
  const child = Bun.spawn(
    [
      ...["node", "--no-deprecation", "--openssl-legacy-provider", SERVER, "--directory", directory],
      ...["--address", "127.0.0.1", "--port", "0", "--configure-bucket", bucket],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "ignore" },
  );
  return {
    endpoint: `http://127.0.0.1:${await portOf(child.stdout)}`,
    bucket,
    // The one account that it knows.
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    async close() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** It says where it listens, and then a line for every request, which is read so that it does not wait for us. */
async function portOf(output: ReadableStream<Uint8Array>): Promise<string> {
  const port = Promise.withResolvers<string>();
  void (async () => {
    const decoder = new TextDecoder();
    let said = "";
    for await (const bytes of output) {
      if (said.length < 10_000) said += decoder.decode(bytes, { stream: true });
      const found = /127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) port.resolve(found);
    }
    port.reject(new Error(`the S3 server did not start: ${said}`));
  })();
  return port.promise;
}
