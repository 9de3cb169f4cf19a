import { Type } from "@sinclair/typebox";
import { model } from "@streamhub/db";
import { type Static, t } from "elysia";
import { jsonSchema, WholeNumber } from "../json.ts";
import { IdParam, IdSchema, PageSchema, pageQuery } from "../paging.ts";
import { lineText } from "../text.ts";

export const MESSAGE_MAX = 500;
/** Of a channel's list of words. */
const MAX_WORDS = 200;
const MAX_SLOW = 86_400;
/** Longer is for ever. Seconds: a year. */
const MAX_BAN = 366 * 86_400;

export const ChatParams = t.Object({ id: IdParam });
export const MessageParams = t.Object({ id: IdParam, messageId: IdParam });
export const PersonParams = t.Object({ id: IdParam, userId: IdParam });

const { mediaAt, createdAt } = jsonSchema(t.Pick(model.chatMessageRow, ["mediaAt", "createdAt"])).properties;
const { username, fullName, avatarUrl } = t.Pick(model.userRow, ["username", "fullName", "avatarUrl"]).properties;
const PersonSchema = t.Object({ id: IdSchema, username, fullName, avatarUrl });

export const ChatMessageSchema = t.Object({
  id: IdSchema,
  channelId: IdSchema,
  /** The broadcast that it belongs to; null: nothing was live. */
  streamId: t.Union([IdSchema, t.Null()]),
  author: PersonSchema,
  badge: t.Union([t.Literal("owner"), t.Literal("moderator"), t.Null()]),
  text: t.String(),
  replyTo: t.Union([t.Object({ id: IdSchema, username: t.String(), text: t.String() }), t.Null()]),
  /** What of the broadcast its writer saw: show it to others when they see that. */
  mediaAt,
  createdAt,
});
export type ChatMessage = Static<typeof ChatMessageSchema>;
export const ChatMessagePage = PageSchema(ChatMessageSchema);
export const ChatQuery = t.Object(pageQuery);

export const PostMessageBody = t.Object({
  text: lineText({ max: MESSAGE_MAX }),
  replyTo: t.Optional(t.Union([IdSchema, t.Null()], { description: "Id of the message that this one answers" })),
  mediaAt: t.Optional(
    t.Union([t.String({ format: "date-time", maxLength: 40 }), t.Null()], {
      description: "What of the broadcast you see: the picture's time (PROGRAM-DATE-TIME). Default: now",
    }),
  ),
});

const seconds = (description: string) => t.Optional(t.Numeric({ minimum: 0, maximum: 10_000_000, description }));
export const ReplayQuery = t.Object({
  from: seconds("Seconds since the broadcast began. Default: 0"),
  to: seconds("Up to, but not with, this second. Default: the end"),
  ...pageQuery,
});

/** What everyone may know of it. */
const ROOM = {
  isOn: t.Boolean(),
  slowSeconds: WholeNumber({
    minimum: 0,
    maximum: MAX_SLOW,
    description: "Between two messages of one person; 0: none",
  }),
  followersOnly: t.Boolean(),
};
export const ChatRoomSchema = t.Object(ROOM);
export type ChatRoom = Static<typeof ChatRoomSchema>;

export const ChatSchema = t.Object({
  ...ROOM,
  /** For those who keep order; null for everyone else. */
  blockedWords: t.Union([t.Array(t.String()), t.Null()]),
  /** How you stand in it; null without an account. */
  you: t.Union([
    t.Object({
      /** Deletes messages, times out, bans, and sets how the chat is run. */
      mayModerate: t.Boolean(),
      /** Names moderators. */
      mayManage: t.Boolean(),
      /** Why a message of yours would be refused; null: it would not. */
      refusal: t.Union([t.Literal("chat.off"), t.Literal("chat.banned"), t.Literal("chat.followers-only"), t.Null()]),
      /** When a ban ends; null: never, or there is none. */
      bannedUntil: t.Union([mediaAt, t.Null()]),
    }),
    t.Null(),
  ]),
});
export type Chat = Static<typeof ChatSchema>;

export const ChatSettingsBody = t.Partial(
  t.Object({ ...ROOM, blockedWords: t.Array(lineText({ max: 60 }), { maxItems: MAX_WORDS }) }),
);

export const BanBody = t.Object({
  seconds: t.Union([Type.Integer({ minimum: 1, maximum: MAX_BAN }), t.Null()], {
    description: "For how long; null: for ever",
  }),
});
export const BanSchema = t.Object({
  user: PersonSchema,
  until: t.Union([createdAt, t.Null()]),
  createdAt,
});
export const BanPage = PageSchema(BanSchema);
export const ModeratorsSchema = t.Object({ items: t.Array(t.Object({ user: PersonSchema, createdAt })) });
