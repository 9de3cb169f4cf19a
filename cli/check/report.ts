import type { Inspector } from "@streamhub/ingest/conformance/inspector";
import type { Severity } from "@streamhub/ingest/conformance/rule";
import { RULES } from "@streamhub/ingest/conformance/rules/rules";
import type { Finding, Verdict } from "@streamhub/ingest/conformance/verdict";
import type { Client } from "./client.ts";

/** `unseen`: nothing came by that the rule is about. */
export type RuleState = "ok" | "violated" | "unseen";

export interface RuleReport {
  readonly rule: string;
  readonly section: string;
  readonly severity: Severity;
  readonly demands: string;
  readonly state: RuleState;
  readonly count: number;
  readonly first: Finding | null;
  readonly last: Finding | null;
}

export interface CheckReport {
  readonly url: string;
  readonly format: "hls" | "dash";
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  /** Violations of what must be, and of what should be. */
  readonly must: number;
  readonly should: number;
  readonly rules: readonly RuleReport[];
  readonly notes: readonly string[];
}

export function makeReport(
  { url, format, seconds }: Pick<CheckReport, "url" | "format" | "seconds">,
  client: Client,
  inspector: Inspector,
  verdict: Verdict,
): CheckReport {
  const rules = RULES.map(({ name, section, severity, demands, on }): RuleReport => {
    const found = verdict.rules.find(({ rule }) => rule === name);
    const state = found !== undefined ? "violated" : inspector.seen.has(on) ? "ok" : "unseen";
    const { count = 0, first = null, last = null } = found ?? {};
    return { rule: name, section, severity, demands, state, count, first, last };
  }).filter(({ rule, state }) => state !== "unseen" || rule.startsWith(`${format}.`));
  const { must, should } = verdict;
  const { requests, bytes, notes } = client;
  return { url, format, seconds, requests, bytes, must, should, rules, notes: [...notes] };
}

const WORDS: Readonly<Record<RuleState, string>> = { ok: "ok", violated: "", unseen: "-" };

/** A line per rule; below a violated one, where and what. */
export function renderReport(report: CheckReport): string {
  const { rules, notes, must, should } = report;
  const width = Math.max(...rules.map(({ rule }) => rule.length));
  const lines = rules.flatMap(({ rule, section, severity, state, count, first, last }) => {
    const word = state === "violated" ? `${severity === "must" ? "VIOLATED" : "advice"} ${count}x` : WORDS[state];
    const shown = [first, count > 1 ? last : null].flatMap((each) =>
      each === null ? [] : [`    ${each.where}: ${each.detail}`],
    );
    return [`${rule.padEnd(width)}  ${word.padEnd(13)} ${section}`, ...shown];
  });
  const megabytes = (report.bytes / 1e6).toFixed(1);
  const seconds = report.seconds.toFixed(1);
  const summary = `${must} violations, ${should} pieces of advice; ${report.requests} requests, ${megabytes} MB in ${seconds} s.`;
  return [...lines, "", ...notes, summary].join("\n");
}
