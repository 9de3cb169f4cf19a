import { queries } from "@streamhub/db";
import { Elysia } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { requireAdmin } from "../auth/policy.ts";
import { ProblemSchema } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT } from "../paging.ts";
import type { Services } from "../services.ts";
import { AuditPage, AuditQuery } from "./model.ts";

export function auditRoutes(services: Services) {
  return new Elysia({ name: "audit", prefix: "/api/audit", tags: ["Operations"] }).use(signedIn(services)).get(
    "/",
    async ({ actor, query: { limit = DEFAULT_LIMIT, ...rest } }) => {
      requireAdmin(actor);
      const { items, nextCursor } = await queries.listAuditEntries(services.db, { limit, ...rest });
      return { items: items.map((row) => toJson(row)), nextCursor };
    },
    {
      query: AuditQuery,
      response: { 200: AuditPage, 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema },
      detail: { summary: "Who changed what, the newest first (administrators)", operationId: "listAuditEntries" },
    },
  );
}
