import { randomBytes } from "node:crypto";
import { hashPassword } from "@streamhub/api/passwords";
import { DatabaseError, queries } from "@streamhub/db";
import { defineCommand } from "citty";
import { withDatabase } from "./database.ts";
import { jsonArg, print } from "./output.ts";
import { requireSameSecret } from "./secrets.ts";

/** What a developer needs to see the site with something in it. Keys and passwords are random: demo data must not open a door. */
const CHANNELS = [
  {
    slug: "demo",
    title: "Clock and colours",
    description: "A synthetic picture with a burnt-in clock, for looking at latency.",
  },
  { slug: "north-sea", title: "North Sea harbour", description: "Ships come and go. No talking, just the harbour." },
  { slug: "late-kitchen", title: "Late kitchen", description: "Cooking what is left in the fridge, on most evenings." },
] as const;

const unlessTaken = (error: unknown): null => {
  if (
    error instanceof DatabaseError &&
    (error.code === "database.slug-taken" || error.code === "database.username-taken")
  )
    return null;
  throw error;
};

export const seedCommand = defineCommand({
  meta: { name: "seed", description: "Add demo data: an account and a few channels (a second run adds nothing)" },
  args: { ...jsonArg },
  async run({ args }) {
    const created = await withDatabase(async ({ db, vault }) => {
      await requireSameSecret(db, vault);
      const hashedPassword = await hashPassword(randomBytes(32).toString("base64url"));
      await queries.createUser(db, { username: "demo", email: "demo@demo.invalid", hashedPassword }).catch(unlessTaken);
      const made: string[] = [];
      for (const channel of CHANNELS) {
        if ((await queries.createChannel(db, vault, { ...channel, username: "demo" }).catch(unlessTaken)) !== null)
          made.push(channel.slug);
      }
      return made;
    });
    print(
      args.json,
      { created },
      created.length === 0 ? "The demo data is there already." : `Created ${created.join(", ")}.`,
    );
  },
});
