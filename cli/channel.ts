import { queries } from "@streamhub/db";
import { defineCommand } from "citty";
import { withDatabase } from "./database.ts";
import { jsonArg, print } from "./output.ts";
import { requireSameSecret } from "./secrets.ts";

const createCommand = defineCommand({
  meta: { name: "create", description: "Create a channel and print it with its stream key" },
  args: {
    slug: { type: "string", required: true, valueHint: "S", description: "Public name in URLs: a-z, 0-9, - and _" },
    title: { type: "string", required: true, valueHint: "T", description: "Shown to viewers" },
    user: {
      type: "string",
      valueHint: "NAME",
      description: "Account that owns it; without one it can be claimed later",
    },
    ...jsonArg,
  },
  async run({ args }) {
    const { slug, title } = args;
    const channel = await withDatabase(async ({ db, vault }) => {
      await requireSameSecret(db, vault);
      return await queries.createChannel(db, vault, { slug, title, username: args.user });
    });
    print(
      args.json,
      channel,
      `Channel ${channel.slug} (id ${channel.id}): ${channel.title}\nStream key: ${channel.streamKey}`,
    );
  },
});

const keyCommand = defineCommand({
  meta: { name: "key", description: "Print a channel's stream key, alone on one line" },
  args: {
    slug: { type: "positional", required: true, valueHint: "S", description: "The channel's public name" },
    ...jsonArg,
  },
  async run({ args }) {
    const streamKey = await withDatabase(({ db, vault }) => queries.channelKey(db, vault, args.slug));
    print(args.json, { slug: args.slug, streamKey }, streamKey);
  },
});

const claimCommand = defineCommand({
  meta: { name: "claim", description: "Give a channel that nobody owns yet (such as the first one) to an account" },
  args: {
    slug: { type: "positional", required: true, valueHint: "S", description: "The channel's public name" },
    user: { type: "string", required: true, valueHint: "NAME", description: "Account that gets it" },
    ...jsonArg,
  },
  async run({ args }) {
    await withDatabase(({ db }) => queries.claimChannel(db, args.slug, args.user));
    print(args.json, { slug: args.slug, owner: args.user }, `${args.user} owns the channel ${args.slug} now.`);
  },
});

export const channelCommand = defineCommand({
  meta: { name: "channel", description: "Manage channels" },
  subCommands: { create: createCommand, key: keyCommand, claim: claimCommand },
});
