import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENV_VARIABLES, READERS, type Reader, type VariableName } from "@streamhub/api/env";
import { CONFIGURATION_FILE, configuration, limitsOf } from "./configuration.ts";

const CLI = join(import.meta.dir, "..");
const read = (path: string) => readFileSync(join(CLI, path), "utf8");

test("docs/configuration.md is that of the schema: bun run reference", () => {
  expect(readFileSync(CONFIGURATION_FILE, "utf8")).toBe(configuration());
});

test("every variable and its default stand in .env.example", () => {
  const given = [...read("../.env.example").matchAll(/^#([A-Z0-9_]+)=(.*)$/gm)].map(([, name, text]) => [name, text]);
  expect(Object.fromEntries(given)).toEqual(
    Object.fromEntries(ENV_VARIABLES.map(({ name, default: text }) => [name, text ?? ""])),
  );
});

test("a limit has its comment and its unit from the line that declares it", () => {
  const source = `
  /** Waits. */
  readonly wait: Milliseconds;
  /** Holds. */
  readonly room: Bytes;
  readonly silent: number;
  /** Counts. */
  readonly many: number;`;
  expect([...limitsOf(source)]).toEqual([
    ["wait", { about: "Waits.", unit: "ms" }],
    ["room", { about: "Holds.", unit: "bytes" }],
    ["many", { about: "Counts.", unit: "" }],
  ]);
});

/** The property of `Env` that a variable ends up in. */
function propertyOf(name: VariableName): string {
  if (name.startsWith("S3_")) return "s3";
  if (name.startsWith("RECORDING_")) return "retention";
  if (name === "RTMPS_PORT" || name.startsWith("TLS_")) return "rtmps";
  if (name === "INGEST_URL" || name === "MAX_PUBLISHERS" || name === "DRAIN_SECONDS") return "ingestNode";
  if (name === "SMTP_URL" || name === "MAIL_FROM") return "mail";
  if (name.startsWith("ON_") || name === "CALLBACK_METHOD") return "callbacks";
  if (name.startsWith("OTEL_")) return "tracing";
  // Checked by the schema itself, for parts that run apart.
  if (name === "NODE_ENV") return "partsRunApart";
  return name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A command's own file, and those that it hands its settings to. */
const SOURCES: Readonly<Record<Reader, readonly string[]>> = {
  serve: ["serve.ts", "find-ffmpeg.ts", "secrets.ts", "recordings.ts", "covers.ts", "letters.ts", "tracing/tracing.ts"],
  api: ["api.ts", "secrets.ts", "letters.ts", "tracing/tracing.ts"],
  ingest: [
    ...["ingest.ts", "ingest-server.ts", "workers/supervisor.ts", "workers/worker.ts"],
    ...["find-ffmpeg.ts", "secrets.ts", "recordings.ts", "covers.ts", "tracing/tracing.ts"],
  ],
  migrate: ["database.ts"],
  user: ["database.ts"],
  seed: ["database.ts", "secrets.ts"],
  channel: ["database.ts", "secrets.ts"],
  backup: ["backup/backup.ts", "backup/media.ts"],
  restore: ["backup/restore.ts", "backup/media.ts", "secrets.ts"],
};

describe("who reads a variable", () => {
  test.each([...READERS])("%s", (reader) => {
    // What a file calls by the name of a setting without reading one does not count: settings come as `env.` or are taken apart.
    const source = SOURCES[reader].map(read).join("\n");
    const reads = (property: string) =>
      new RegExp(
        `\\benv\\.${property}\\b|\\{[^{}]*\\b${property}\\b[^{}]*\\}(: \\w+Wanted| = env)|\\b${property}: (true|!open)`,
      ).test(source);
    expect(ENV_VARIABLES.filter(({ name }) => reads(propertyOf(name))).map(({ name }) => name)).toEqual(
      ENV_VARIABLES.filter(({ readBy }) => readBy.includes(reader)).map(({ name }) => name),
    );
  });

  test("every file that a command hands its settings to is looked at", () => {
    const known = new Set(Object.values(SOURCES).flat());
    const handed = Object.values(SOURCES)
      .flat()
      .flatMap((file) => [...read(file).matchAll(/\b(\w+)\(env[,)]/g)].map(([, name]) => ({ file, name: name! })));
    const from = handed.map(({ file, name }) => {
      const path = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "(\\.[^"]+)"`).exec(read(file))?.[1];
      return path === undefined ? file : join(file, "..", path);
    });
    expect(from.length).toBeGreaterThan(10);
    expect(from.filter((file) => !known.has(file))).toEqual([]);
  });
});
