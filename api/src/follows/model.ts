import { model } from "@streamhub/db";
import { t } from "elysia";
import { ChannelSchema } from "../channels/model.ts";
import { jsonSchema } from "../json.ts";
import { IdSchema, PageSchema, pageQuery } from "../paging.ts";

const { createdAt } = jsonSchema(t.Pick(model.followRow, ["createdAt"])).properties;
const { visibility } = t.Pick(model.channelRow, ["visibility"]).properties;

export const FollowedSchema = t.Object({ followedAt: createdAt, channel: ChannelSchema });
export const FollowedPage = PageSchema(FollowedSchema);
export const FollowsQuery = t.Object(pageQuery);

/** All of them at once: what a page needs to know which of the channels it shows, or hears of, are followed. */
export const FollowedIdsSchema = t.Object({ items: t.Array(t.Object({ id: IdSchema, visibility })) });
