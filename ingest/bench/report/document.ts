/** The JSON of a run. `schema` counts up when a field changes its meaning or goes; new fields may come at any time. */
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Outcome } from "../tool/outcome.ts";

export const SCHEMA = 2;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
}

export interface BenchDocument {
  readonly schema: typeof SCHEMA;
  readonly bench: string;
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** Of the checkout that the tool ran from; null where it is none. */
  readonly commit: string | null;
  /** `done`; `interrupted`: Ctrl-C; `overdue`: it hung and was stopped. */
  readonly ending: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome;
  /** What failed, as sentences. */
  readonly complaints: readonly string[];
  /** Conditions of --fail-if that hold. */
  readonly gates: readonly string[];
}

const ROOT = join(import.meta.dir, "..", "..", "..");

async function firstLine(command: readonly string[]): Promise<string | null> {
  try {
    const child = Bun.spawn([...command], {
      stdout: "pipe",
      stderr: "ignore",
      stdin: "ignore",
      cwd: ROOT,
      timeout: 3_000,
    });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text.split("\n", 1)[0]!.trim() : null;
  } catch {
    return null;
  }
}

export function describeMachine(): Machine {
  return { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memoryBytes: totalmem(), kernel: release() };
}

async function describeVersions(): Promise<Record<string, string>> {
  const { version } = (await Bun.file(join(ROOT, "package.json")).json()) as { version: string };
  const ffmpeg = await firstLine(["ffmpeg", "-version"]);
  return {
    streamhub: version,
    bun: Bun.version,
    ...(ffmpeg === null ? {} : { ffmpeg: ffmpeg.split(" ")[2] ?? ffmpeg }),
  };
}

export async function makeDocument(
  of: Pick<BenchDocument, "bench" | "parameters" | "outcome" | "complaints" | "gates" | "ending">,
): Promise<BenchDocument> {
  return {
    schema: SCHEMA,
    bench: of.bench,
    date: new Date().toISOString(),
    machine: describeMachine(),
    versions: await describeVersions(),
    commit: await firstLine(["git", "-C", dirname(join(ROOT, "package.json")), "rev-parse", "HEAD"]),
    ending: of.ending,
    parameters: of.parameters,
    outcome: of.outcome,
    complaints: of.complaints,
    gates: of.gates,
  };
}

/** Figures that were not measured are null. */
export async function writeDocument(file: string, document: object): Promise<void> {
  if (file !== "") await Bun.write(file, `${JSON.stringify(document, null, 2)}\n`);
}
