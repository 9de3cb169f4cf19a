import { model } from "@streamhub/db";
import { t } from "elysia";
import { jsonSchema } from "../json.ts";
import { IdParam, IdSchema } from "../paging.ts";
import { EmailText, lineText, NewPasswordText, nullable, PASSWORD_MAX, UsernameText } from "../text.ts";

const AccountColumns = t.Pick(model.userRow, [
  "username",
  "email",
  "fullName",
  "avatarUrl",
  "bio",
  "role",
  "isActive",
  "createdAt",
  "updatedAt",
]);
const SessionColumns = t.Pick(model.sessionRow, ["userAgent", "address", "createdAt", "lastUsedAt", "expiresAt"]);
const PendingColumns = t.Pick(model.documentVersionRow, ["slug", "locale", "version", "title"]);

/** An account as its owner sees it. */
export const AccountSchema = t.Object({ id: IdSchema, ...jsonSchema(AccountColumns).properties });

export const MeSchema = t.Object({
  ...AccountSchema.properties,
  sessionId: t.Nullable(IdSchema, { description: "Null for a program with an API token" }),
  permissions: t.Object({
    moderate: t.Boolean({ description: "Keeps order: chat, and what breaks the rules" }),
    administer: t.Boolean({ description: "Everything, of everybody" }),
  }),
  pendingDocuments: t.Array(jsonSchema(PendingColumns), {
    description: "Current versions to agree to before going on: POST /api/documents/acceptances",
  }),
});

/** The same tokens are set as cookies; a page needs none of them. */
export const TokensSchema = t.Object({
  accessToken: t.String({ description: "JWT; send it as Authorization: Bearer" }),
  tokenType: t.Literal("Bearer"),
  expiresIn: t.Integer({ description: "Seconds that the access token lasts" }),
  refreshToken: t.Nullable(
    t.String({ description: "Good for one refresh. Null where the one before came as a cookie: so does this one" }),
  ),
  user: AccountSchema,
});

export const FullNameText = lineText({ max: 100, blank: true });

const AcceptedSchema = t.Object({
  slug: t.String({ pattern: "^[a-z0-9][a-z0-9-]*$", maxLength: 64 }),
  locale: t.String({ pattern: "^[a-z]{2,3}(-[a-z0-9]{2,8})*$", maxLength: 10 }),
  version: t.Integer({ minimum: 1, maximum: 2_147_483_647 }),
});

export const RegisterBody = t.Object({
  username: UsernameText,
  email: EmailText,
  password: NewPasswordText,
  fullName: t.Optional(nullable(FullNameText)),
  acceptedDocuments: t.Optional(
    t.Array(AcceptedSchema, {
      maxItems: 20,
      description:
        "The versions of terms and rules that the user was shown and agrees to. Registering is agreeing: left out, it is to the current ones",
    }),
  ),
});

/** Any text: what no account can have is simply wrong. */
const Secret = t.String({ minLength: 1, maxLength: PASSWORD_MAX });

export const LoginBody = t.Object({
  login: t.String({ minLength: 1, maxLength: 254, description: "Username or e-mail address" }),
  password: Secret,
});

/** A browser sends it as a cookie and has no body. */
export const RefreshBody = t.Optional(
  t.Object({ refreshToken: t.Optional(t.String({ minLength: 1, maxLength: 200 })) }),
);

export const PasswordBody = t.Object({ currentPassword: Secret, newPassword: NewPasswordText });
/** Language of the letter. */
const LetterLocale = t.Optional(t.Union([t.Literal("en"), t.Literal("ru")]));

export const ForgottenBody = t.Object({
  login: t.String({ minLength: 1, maxLength: 254, description: "Username or e-mail address" }),
  locale: LetterLocale,
});
export const ResetBody = t.Object({
  token: t.String({ minLength: 1, maxLength: 200, description: "From the link of the letter, behind the #" }),
  password: NewPasswordText,
  locale: LetterLocale,
});

export const EmailBody = t.Object({ email: EmailText, password: Secret });

export const SessionSchema = t.Object({
  id: IdSchema,
  ...jsonSchema(SessionColumns).properties,
  current: t.Boolean({ description: "The one that asks" }),
});
export const SessionListSchema = t.Object({ items: t.Array(SessionSchema) });
export const SessionParams = t.Object({ id: IdParam });
