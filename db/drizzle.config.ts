import { defineConfig } from "drizzle-kit";

/** `bun run migrations` (root package.json) compares these tables with `migrations/` and writes the next SQL file. */
export default defineConfig({ dialect: "postgresql", schema: "./src/schema/index.ts", out: "./migrations" });
