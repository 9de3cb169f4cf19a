import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { blockText, TitleText } from "../text.ts";

const SummaryColumns = t.Pick(model.documentRow, ["slug", "locale", "title", "version", "updatedAt"]);
const VersionColumns = t.Pick(model.documentVersionRow, ["slug", "locale", "version", "title", "createdAt"]);
const AcceptedColumns = t.Pick(model.documentVersionRow, ["slug", "locale", "version", "title"]);

/** Markdown, and the same as HTML that is safe to insert into a page. */
const texts = { body: t.String(), html: t.String() };

export const DocumentSummarySchema = t.Object({
  ...jsonSchema(SummaryColumns).properties,
  locales: t.Array(t.String(), { description: "Languages that this document exists in" }),
});
export const DocumentListSchema = t.Object({ items: t.Array(DocumentSummarySchema) });
export const DocumentSchema = t.Object({ ...DocumentSummarySchema.properties, ...texts });

export const VersionSchema = jsonSchema(VersionColumns);
export const VersionListSchema = t.Object({ items: t.Array(VersionSchema) });
export const VersionTextSchema = t.Object({ ...VersionSchema.properties, ...texts });

export const AcceptancesSchema = t.Object({
  accepted: t.Array(
    t.Object({
      ...jsonSchema(AcceptedColumns).properties,
      acceptedAt: jsonSchema(model.documentAcceptanceRow).properties.acceptedAt,
    }),
  ),
  pending: t.Array(jsonSchema(AcceptedColumns), {
    description: "Current versions that the user has yet to agree to before going on",
  }),
});

export const LocaleQuery = t.Object({
  locale: t.Optional(t.String({ maxLength: 35, description: "BCP 47 tag; counts more than Accept-Language" })),
});
export const DocumentParams = t.Object({ slug: t.String({ minLength: 1, maxLength: 64 }) });
export const VersionParams = t.Object({ ...DocumentParams.properties, version: t.Integer() });

export const EditQuery = t.Object({
  locale: t.String({ pattern: "^[a-z]{2,3}(-[a-z0-9]{2,8})*$", maxLength: 10, description: "Such as en or ru" }),
});
export const EditParams = t.Object({
  slug: t.String({ pattern: "^[a-z0-9][a-z0-9-]*$", minLength: 1, maxLength: 64 }),
});
export const EditBody = t.Object({
  title: TitleText,
  body: blockText({ max: 100_000, description: "Markdown" }),
  basedOn: t.Optional(
    t.Integer({
      minimum: 0,
      description: "The version that this text was written on; 0 for a new document. Another one by now: 409",
    }),
  ),
});

/** A text that is not saved yet. */
export const PreviewBody = t.Object({ body: t.String({ maxLength: 100_000, description: "Markdown" }) });
export const PreviewSchema = t.Object({ html: t.String({ description: "Safe to insert into a page" }) });

export const AcceptBody = t.Object({
  documents: t.Array(
    t.Object({
      slug: t.String({ minLength: 1, maxLength: 64 }),
      locale: t.String({ minLength: 1, maxLength: 10 }),
      version: t.Integer({ minimum: 1 }),
    }),
    { minItems: 1, maxItems: 20 },
  ),
});
