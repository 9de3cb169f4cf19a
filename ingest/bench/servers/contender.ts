/** A server that `compare` measures: started for each run, or already running. */
import { UsageError } from "../cli/options.ts";

export interface RunningContender {
  /** Root of the process tree that is measured; 0: not known. */
  readonly pid: number;
  readonly docker: string;
  /** RTMP URL to publish to, with {n}. */
  readonly publish: string;
  /** The same, to play; null where it does not serve it. */
  readonly play: string | null;
  readonly flv: string | null;
  readonly hls: string | null;
  readonly dash: string | null;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Why it can not be measured here, or null. */
  unavailable(): string | null;
  start(): Promise<RunningContender>;
}

/** Text of a table of TOML, or "". */
export function textOf(table: Readonly<Record<string, unknown>>, key: string, where: string): string {
  const value = table[key];
  if (value === undefined) return "";
  if (typeof value !== "string") throw new UsageError(`${where}: ${key} must be a text.`);
  return value;
}
