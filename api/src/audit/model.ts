import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";

const Columns = t.Pick(model.auditLogRow, ["at", "userId", "tokenId", "method", "route", "path", "fields", "address"]);

export const AuditEntrySchema = t.Object({
  id: IdSchema,
  ...jsonSchema(Columns).properties,
  username: t.String({ description: "As the account is called now" }),
});
export const AuditPage = PageSchema(AuditEntrySchema);

export const AuditQuery = t.Object({
  userId: t.Optional({ ...IdParam, description: "Of this account alone" }),
  ...pageQuery,
});
