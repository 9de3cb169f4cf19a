import { t } from "elysia";

export const SiteSchema = t.Object({
  /** Where encoders connect. The host is the one that the viewer already sees in the address bar. */
  ingest: t.Object({ rtmpPort: t.Integer(), rtmpsPort: t.Nullable(t.Integer()), app: t.String() }),
  /** Letters can be sent: for forgotten passwords, and to followers. */
  sendsMail: t.Boolean(),
});

export type Site = typeof SiteSchema.static;
