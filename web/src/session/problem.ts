/** What the API refused, in a form that pages can show. */

export interface FieldProblem {
  /** The field's name, without the slash of a JSON pointer. */
  readonly field: string;
  readonly message: string;
}

export interface Problem {
  /** As in docs/errors.md; `offline` when nobody answered. */
  readonly code: string;
  readonly detail: string | null;
  readonly fields: readonly FieldProblem[];
  /** Seconds after which another try may succeed. */
  readonly retryAfter: number | null;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

interface Reply {
  readonly data: unknown;
  readonly error: unknown;
  readonly response: Response | undefined;
}

const OFFLINE: Problem = { code: "offline", detail: null, fields: [], retryAfter: null };
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Reads problem+json; whatever is none means that the server could not be reached. */
export function problemFrom(body: unknown, response: Response | undefined): Problem {
  if (response === undefined || !isObject(body) || typeof body.code !== "string") return OFFLINE;
  const errors = Array.isArray(body.errors) ? body.errors.filter(isObject) : [];
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    code: body.code,
    detail: typeof body.detail === "string" ? body.detail : null,
    fields: errors.map(({ field, message }) => ({
      field: String(field).replace(/^\//, ""),
      message: String(message),
    })),
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
  };
}

/** What a call of the typed client came to. */
export async function outcomeOf<R extends Reply>(call: Promise<R>): Promise<Outcome<Exclude<R["data"], null>>> {
  const { data, error, response } = await call;
  if (error === null && response?.ok) return { ok: true, value: data as Exclude<R["data"], null> };
  return { ok: false, problem: problemFrom(isObject(error) ? error.value : null, response) };
}
