/** How a broadcast was from beginning to end: what ingest measured each second, in as many points as a plot has room for. */
import { queries } from "@streamhub/db";
import { type Static, t } from "elysia";
import { AppError } from "../error.ts";
import { IdSchema } from "../paging.ts";
import type { Services } from "../services.ts";

export const MAX_POINTS = 600;
const MAX_EPISODES = 1_000;
/** Minutes with problems that are read at most: a week. */
const MAX_MINUTES = 7 * 24 * 60;
const FURTHEST = 31 * 24 * 3_600_000;
/** Stretches of the same problem that are nearer are one. */
const NEAR = 5_000;

const Measured = t.Union([t.Number(), t.Null()]);
const Moment = (description: string) => t.Optional(t.String({ maxLength: 40, description }));

export const HealthQuery = t.Object({
  from: Moment("ISO 8601 with a time zone; default: the start of the stream"),
  to: Moment("ISO 8601 with a time zone; default: its end, or now. At most 31 days behind `from`"),
});

export const HealthSchema = t.Object({
  id: IdSchema,
  from: t.String(),
  to: t.String(),
  /** How much time each point stands for. */
  stepSeconds: t.Integer(),
  /** Oldest first; there is none for a time in which nothing was measured. */
  points: t.Array(
    t.Object({
      at: t.String(),
      bitrateKbps: t.Number(),
      /** The least of one second. */
      lowestKbps: t.Number(),
      fps: Measured,
      /** The longest. */
      keyframeIntervalSeconds: Measured,
      missingFrames: t.Number(),
      /** How far video was ahead of audio as they arrived, in milliseconds. */
      skewMs: Measured,
    }),
  ),
  /** When each problem was there, oldest first. */
  problems: t.Array(t.Object({ code: t.String(), from: t.String(), to: t.String() })),
});
type Health = Static<typeof HealthSchema>;

const iso = (time: number): string => new Date(time).toISOString();

/** Throws `request.invalid`. */
function momentOf(field: "from" | "to", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  const isInRange = time >= 0 && time < Date.UTC(9999, 0);
  if (!isInRange) throw wrong(field, "Expected a date and a time, with a time zone");
  return time;
}

const wrong = (field: "from" | "to", message: string) =>
  new AppError("request.invalid", undefined, [{ field, in: "query", message }]);

export interface Span {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Of a stream that the caller may manage. Throws `request.invalid`. */
export async function readHealth(
  { db, now = Date.now }: Services,
  id: number,
  { startedAt, endedAt }: Span,
  query: Static<typeof HealthQuery>,
): Promise<Health> {
  const end = endedAt === null ? now() : Date.parse(endedAt);
  const [askedFrom, askedTo] = [momentOf("from", query.from), momentOf("to", query.to)];
  const start = startedAt === null ? undefined : Date.parse(startedAt);
  const from = Math.floor((askedFrom ?? start ?? askedTo ?? end) / 1_000) * 1_000;
  // One second more, so that the last one is in it.
  const to = askedTo ?? Math.max(from + 1_000, end + 1_000);
  if (to <= from) throw wrong("to", "Expected a time behind `from`");
  if (askedTo !== undefined && to - from > FURTHEST) throw wrong("to", "Expected at most 31 days");
  const range = { from: Math.max(from, to - FURTHEST), to };
  const stepSeconds = Math.max(1, Math.ceil((range.to - range.from) / 1_000 / MAX_POINTS));
  const [points, minutes] = await Promise.all([
    queries.healthPoints(db, id, range, stepSeconds),
    queries.healthProblems(db, id, range, MAX_MINUTES),
  ]);
  return {
    id,
    from: iso(range.from),
    to: iso(range.to),
    stepSeconds,
    points: points.map(({ step, ...point }) => ({ at: iso(range.from + step * stepSeconds * 1_000), ...point })),
    problems: episodesOf(minutes, range),
  };
}

/** Stretches of seconds in minutes, put together over their borders. */
export function episodesOf(
  minutes: readonly queries.HealthProblems[],
  { from, to }: queries.HealthRange,
): Health["problems"] {
  const all: { code: string; from: number; to: number }[] = [];
  const open = new Map<string, { from: number; to: number }>();
  for (const { minute, problems } of minutes)
    for (const [code, stretches] of Object.entries(problems))
      for (let at = 0; at + 1 < stretches.length; at += 2) {
        const start = Math.max(from, minute + stretches[at]! * 1_000);
        const stop = Math.min(to, minute + (stretches[at + 1]! + 1) * 1_000);
        if (stop <= start) continue;
        const last = open.get(code);
        if (last !== undefined && start - last.to <= NEAR) last.to = Math.max(last.to, stop);
        else {
          const episode = { code, from: start, to: stop };
          open.set(code, episode);
          all.push(episode);
        }
      }
  return all
    .sort((a, b) => a.from - b.from)
    .slice(0, MAX_EPISODES)
    .map((episode) => ({ code: episode.code, from: iso(episode.from), to: iso(episode.to) }));
}
