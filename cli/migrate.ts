import { defineCommand } from "citty";
import { withDatabase } from "./database.ts";
import { jsonArg, print } from "./output.ts";

export const migrateCommand = defineCommand({
  meta: { name: "migrate", description: "Bring the database's schema up to date (serve does it by itself)" },
  args: { ...jsonArg },
  async run({ args }) {
    const applied = await withDatabase(async (_, count) => count);
    print(args.json, { applied }, applied === 0 ? "The schema is up to date." : `${applied} migrations applied.`);
  },
});
