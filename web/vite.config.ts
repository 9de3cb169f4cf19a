import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

/** `bun run --cwd web dev` shows the site with hot reload beside a StreamHub on its default port. */
const backend = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [solid()],
  build: {
    target: "es2022",
    // light-dark() is in all of these, so every colour token is written once for both themes.
    cssTarget: ["chrome123", "safari17.5", "firefox120"],
    // A data: URL in a style sheet would be one more thing for the Content-Security-Policy to allow.
    assetsInlineLimit: 0,
    // dash.js is about 800 KB by nature and loads on demand only; the entry is guarded by a test.
    chunkSizeWarningLimit: 1000,
    // Read by src/page-hints.ts.
    manifest: true,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "embed.html"] },
  },
  server: { proxy: { "/api": backend, "/uploads": backend, "/live": backend, "/vod": backend } },
});
