/** Violations by rule, bounded: how many, the first and the last. */
import type { Severity, Violation } from "./rule.ts";

export interface RuleVerdict {
  readonly rule: string;
  readonly severity: Severity;
  readonly count: number;
  readonly first: Finding;
  readonly last: Finding;
}

export interface Finding {
  readonly where: string;
  readonly detail: string;
  /** Unix time. */
  readonly at: number;
}

export interface Verdict {
  /** By rule, in the order of their first violation. */
  readonly rules: readonly RuleVerdict[];
  /** Violations of what must be, and of what should be. */
  readonly must: number;
  readonly should: number;
}

export interface VerdictBook {
  add(violation: Violation): void;
  readonly verdict: Verdict;
}

/** Details are for people: nobody reads pages of them. */
const MAX_DETAIL = 300;

export function makeVerdictBook(): VerdictBook {
  const rules = new Map<string, RuleVerdict>();
  const total = { must: 0, should: 0 };
  return {
    add({ rule, severity, where, detail, at }) {
      const finding = { where, detail: detail.slice(0, MAX_DETAIL), at };
      const before = rules.get(rule);
      rules.set(rule, {
        rule,
        severity,
        count: (before?.count ?? 0) + 1,
        first: before?.first ?? finding,
        last: finding,
      });
      total[severity]++;
    },
    get verdict() {
      return { rules: [...rules.values()], ...total };
    },
  };
}
