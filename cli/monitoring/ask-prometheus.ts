/** What a Prometheus knows. */

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value. */
  readonly values: readonly (readonly [number, string])[];
}

async function ask<T>(url: string, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`, {
    signal: AbortSignal.timeout(10_000),
  });
  const said = (await answer.json()) as { status: string; error?: string; data: T };
  if (said.status !== "success") throw new Error(`${parameters.query ?? path}: ${said.error}`);
  return said.data;
}

const query = async <T>(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<T> =>
  (await ask<{ result: T }>(url, path, parameters)).result;

/** Names of all metrics that its targets tell of, those without a value yet included; a histogram has one name. */
export const metricNames = async (url: string): Promise<ReadonlySet<string>> =>
  new Set(Object.keys(await ask<object>(url, "metadata")));

/** Of the last `seconds`, one value a second. Throws for what is no query. */
export function lately(url: string, expr: string, seconds: number): Promise<Series[]> {
  const end = Date.now() / 1_000;
  return query(url, "query_range", { query: expr, start: String(end - seconds), end: String(end), step: "1" });
}

/** How many targets of each job answer at this moment. */
export async function answering(url: string): Promise<Record<string, number>> {
  const found = await query<{ metric: { job: string }; value: [number, string] }[]>(url, "query", {
    query: "sum by (job) (up)",
  });
  return Object.fromEntries(found.map(({ metric, value }) => [metric.job, Number(value[1])]));
}
