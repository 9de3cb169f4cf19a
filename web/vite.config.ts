import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

/** `bun run --cwd web dev` shows the site with hot reload beside a running StreamHub. */
const backend = process.env["STREAMHUB_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [solid()],
  build: {
    target: "es2022",
    // A data: URL in a style sheet would be one more thing for the Content-Security-Policy to allow.
    assetsInlineLimit: 0,
    // The lazy player is a chunk of about a megabyte by nature; the entry is guarded by a test.
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": backend, "/live": backend, "/vod": backend } },
});
