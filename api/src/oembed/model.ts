import { t } from "elysia";

export const OembedQuery = t.Object({
  url: t.String({
    minLength: 1,
    maxLength: 2_000,
    description: "Address of a page of this site: a channel's or a recording's",
  }),
  format: t.Optional(t.Literal("json", { description: "The only one that there is" })),
  maxwidth: t.Optional(t.Integer({ minimum: 1, maximum: 10_000, description: "Pixels" })),
  maxheight: t.Optional(t.Integer({ minimum: 1, maximum: 10_000, description: "Pixels" })),
});

/** oEmbed 1.0 §2.3.4.2; its names are the specification's. */
export const OembedSchema = t.Object({
  version: t.Literal("1.0"),
  type: t.Literal("video"),
  provider_name: t.String(),
  provider_url: t.String(),
  title: t.String(),
  author_name: t.String(),
  author_url: t.String(),
  /** Seconds for which this may be kept. */
  cache_age: t.Integer(),
  html: t.String({ description: "An iframe with the player" }),
  width: t.Integer(),
  height: t.Integer(),
  thumbnail_url: t.Optional(t.String()),
  thumbnail_width: t.Optional(t.Integer()),
  thumbnail_height: t.Optional(t.Integer()),
});
