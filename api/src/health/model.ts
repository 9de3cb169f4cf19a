import { t } from "elysia";

export const HealthSchema = t.Object({ status: t.Literal("ok"), uptimeSeconds: t.Integer() });

export const ReadySchema = t.Object({
  status: t.Union([t.Literal("ready"), t.Literal("unready")]),
  checks: t.Record(t.String(), t.Object({ ok: t.Boolean(), milliseconds: t.Integer() })),
});

export type Ready = typeof ReadySchema.static;
