import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";
import { blockText, lineText, nullable, PASSWORD_MAX, searchText, UsernameText } from "../text.ts";

const PublicColumns = t.Pick(model.userRow, ["username", "fullName", "avatarUrl", "bio", "role", "createdAt"]);
const OwnColumns = t.Pick(model.userRow, ["email", "isActive", "updatedAt"]);

export const UserSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(PublicColumns).properties,
  // For the account itself and administrators.
  ...t.Partial(jsonSchema(OwnColumns)).properties,
});
export const UserPage = PageSchema(UserSchema);

export const UserParams = t.Object({ id: IdParam });
export const UserListQuery = t.Object({
  q: t.Optional(searchText(100)),
  role: t.Optional(PublicColumns.properties.role),
  isActive: t.Optional(t.Boolean()),
  ...pageQuery,
});
export const UserChannelsQuery = t.Object(pageQuery);

export const UpdateUserBody = t.Object({
  username: t.Optional(UsernameText),
  fullName: t.Optional(nullable(lineText({ max: 100, blank: true }))),
  bio: t.Optional(nullable(blockText({ max: 1_000, blank: true }))),
  avatarUrl: t.Optional(t.Null({ description: "Takes the picture away; PUT /api/users/{id}/avatar brings a new one" })),
  role: t.Optional({ ...PublicColumns.properties.role, description: "For administrators" }),
  isActive: t.Optional(t.Boolean({ description: "For administrators" })),
});

const Password = t.String({ maxLength: PASSWORD_MAX, description: "Yours; not asked of an administrator for others" });
/** Nothing at all will do for an administrator. */
export const ConfirmBody = t.Optional(nullable(t.Object({ password: t.Optional(Password) })));
