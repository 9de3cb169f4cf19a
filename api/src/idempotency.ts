/**
 * Creating twice what was meant once: a client that did not hear the answer asks again with the same Idempotency-Key and gets the answer of the
 * first time (draft-ietf-httpapi-idempotency-key-header). Keys are each account's own and are kept for a day.
 */
import { createHash } from "node:crypto";
import { queries } from "@streamhub/db";
import { t } from "elysia";
import type { Actor } from "./auth/guard.ts";
import { AppError, type FieldError, PROBLEMS, type ProblemCode } from "./error.ts";
import type { Services } from "./services.ts";

export const IDEMPOTENCY_HEADER = "idempotency-key";
export const REPLAYED_HEADER = "idempotency-replayed";
export const IDEMPOTENCY_RULES: queries.KeyRules = { abandonedAfter: 60, keptFor: 24 * 3_600 };
/** Longer than most requests take. Seconds. */
const RETRY_AFTER = 1;

/** For the `headers` of a route. */
export const IdempotencyHeaders = t.Object({
  [IDEMPOTENCY_HEADER]: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[!-~]+$",
      description: "Of your making, such as a UUID: the same request with the same key is done once in 24 hours",
    }),
  ),
});

/** What was made, and where it is. */
export interface Created<T> {
  readonly location: string;
  readonly body: T;
}

interface Asked {
  readonly actor: Actor;
  readonly request: Request;
  /** As it was read: what differs only in blanks, the order of fields or unknown ones is the same request. */
  readonly body: unknown;
  readonly set: { status?: number | string; headers: Record<string, string | number | undefined> };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]));
}

function fingerprintOf({ request, body }: Asked): string {
  const text = `${request.method}\n${new URL(request.url).pathname}\n${JSON.stringify(ordered(body))}`;
  return createHash("sha256").update(text).digest("hex");
}

interface Refused {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
}

type Kept<T> = { readonly created: Created<T> } | { readonly refused: Refused };

/** A refusal that another try would get as well. Who is not let in, is too fast or meets a fault may try again with the same key. */
function isLasting(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false;
  const { status } = PROBLEMS[error.code];
  return status < 500 && ![401, 408, 429].includes(status);
}

/**
 * Does the work of a creating route and answers 201 with `Location`; with a key that was used before, gives the answer of then instead.
 * Throws `idempotency.mismatch` for a key of another request, `idempotency.in-progress` while the first is still being worked on.
 */
export async function creating<T>(
  { db }: Pick<Services, "db">,
  asked: Asked,
  work: () => Promise<Created<T>>,
): Promise<T> {
  const { set } = asked;
  const answer = ({ location, body }: Created<T>): T => {
    set.status = 201;
    set.headers.location = location;
    return body;
  };
  const key = asked.request.headers.get(IDEMPOTENCY_HEADER);
  if (key === null) return answer(await work());

  const fingerprint = fingerprintOf(asked);
  const result = await queries.claimKey(db, { userId: asked.actor.userId, key, fingerprint }, IDEMPOTENCY_RULES);
  if (result.kind !== "claimed" && result.fingerprint !== fingerprint) throw new AppError("idempotency.mismatch");
  if (result.kind === "running") throw new AppError("idempotency.in-progress", undefined, undefined, RETRY_AFTER);
  if (result.kind === "done") {
    const kept = JSON.parse(result.body) as Kept<T>;
    if ("created" in kept) {
      set.headers[REPLAYED_HEADER] = "true";
      return answer(kept.created);
    }
    const { code, detail, errors } = kept.refused;
    throw new AppError(code, detail, errors, undefined, { [REPLAYED_HEADER]: "true" });
  }

  const { claim } = result;
  // What was done is answered whatever comes of keeping it; a key that stays claimed is free after a minute.
  const settle = (status: number, kept: Kept<T>) => queries.settleKey(db, claim, status, JSON.stringify(kept));
  let created: Created<T>;
  try {
    created = await work();
  } catch (error) {
    if (isLasting(error)) {
      const { code, detail, errors } = error;
      await settle(PROBLEMS[code].status, { refused: { code, detail, errors } }).catch(() => {});
    } else await queries.freeKey(db, claim).catch(() => {});
    throw error;
  }
  await settle(201, { created }).catch(() => {});
  return answer(created);
}
