import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema, WholeNumber } from "../json.ts";
import { IdParam, IdSchema } from "../paging.ts";
import { lineText, nullable } from "../text.ts";

const Columns = t.Pick(model.apiTokenRow, ["name", "scope", "hint", "createdAt", "lastUsedAt", "expiresAt"]);

/** As its owner sees it; the token itself is told once. */
export const ApiTokenSchema = t.Object({ id: IdSchema, ...jsonSchema(Columns).properties });
export const ApiTokenListSchema = t.Object({ items: t.Array(ApiTokenSchema) });
export const NewApiTokenSchema = t.Object({
  ...ApiTokenSchema.properties,
  token: t.String({ description: "Shown this once; send it as Authorization: Bearer" }),
});

export const ApiTokenBody = t.Object({
  name: lineText({ max: 100 }),
  scope: t.Union([t.Literal("read"), t.Literal("channels"), t.Literal("admin")], {
    description: "Each includes those before it; admin brings the role of its owner along",
  }),
  expiresInDays: t.Optional(
    nullable(WholeNumber({ minimum: 1, maximum: 3_650, description: "Null: until it is revoked. Default 90" })),
  ),
});
export const ApiTokenParams = t.Object({ id: IdParam });
