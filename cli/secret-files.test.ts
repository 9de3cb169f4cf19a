import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnvError, readEnv, SECRET_VARIABLES } from "@streamhub/api/env";
import { withSecretFiles } from "./secret-files.ts";

const folder = mkdtempSync(join(tmpdir(), "streamhub-secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function wrong(record: Record<string, string>): string {
  try {
    withSecretFiles(record);
    return "nothing";
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return error.message;
  }
}

const SECRET = "0123456789abcdef0123456789abcdef";

test("every secret may stand in a file, without the line's end; the schema checks it as any other value", () => {
  const named = Object.fromEntries(SECRET_VARIABLES.map((name) => [`${name}_FILE`, file(name, `of ${name}\n`)]));
  expect(withSecretFiles({ HOST: "::1", ...named })).toMatchObject({
    HOST: "::1",
    ...Object.fromEntries(SECRET_VARIABLES.map((name) => [name, `of ${name}`])),
  });
  expect(readEnv(withSecretFiles({ JWT_SECRET_FILE: file("jwt", `${SECRET}\r\n`) })).jwtSecret).toBe(SECRET);
  expect(() => readEnv(withSecretFiles({ JWT_SECRET_FILE: file("short", "hunter2") }))).toThrow(/^JWT_SECRET must/);
});

test("a name without a file, and what is no secret, are as if nothing was said", () => {
  const record = { JWT_SECRET: SECRET, JWT_SECRET_FILE: " ", GATEWAY_TOKEN_FILE: "", HOST_FILE: "/nowhere" };
  expect(withSecretFiles(record)).toEqual(record);
});

test("a file that is no good stops the start with a sentence that has neither its path nor its content", () => {
  mkdirSync(join(folder, "folder"));
  expect(wrong({ JWT_SECRET_FILE: join(folder, "hunter2") })).toBe("JWT_SECRET_FILE must name a file that is there.");
  expect(wrong({ REDIS_URL_FILE: join(folder, "folder") })).toBe("REDIS_URL_FILE must name a file that can be read.");
  expect(wrong({ METRICS_TOKEN_FILE: file("empty", " \n") })).toMatch(/^METRICS_TOKEN_FILE .* is empty\.$/);
  expect(wrong({ METRICS_TOKEN_FILE: file("large", "x".repeat(65_537)) })).toMatch(/is too large\.$/);
  expect(withSecretFiles({ METRICS_TOKEN_FILE: file("fits", "x".repeat(65_536)) }).METRICS_TOKEN).toHaveLength(65_536);
  expect(wrong({ METRICS_TOKEN_FILE: "/dev/zero" })).toMatch(/is too large\.$/);
  expect(wrong({ JWT_SECRET: SECRET, JWT_SECRET_FILE: file("jwt-2", SECRET) })).toBe(
    "JWT_SECRET_FILE must not be set together with JWT_SECRET: unset one of them.",
  );
});

test("all files that are no good are told at once", () => {
  const message = wrong({ DATABASE_URL_FILE: "/nowhere/a", S3_SECRET_ACCESS_KEY_FILE: "/nowhere/b" });
  expect(message.split("\n").map((line) => line.split(" ")[0])).toEqual([
    "DATABASE_URL_FILE",
    "S3_SECRET_ACCESS_KEY_FILE",
  ]);
});
