/** The image's health check, which has no curl: `bun deploy/health.ts URL` exits with 0 when the URL answers with success within 4 s. */
const [url = ""] = process.argv.slice(2);
try {
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(4_000), redirect: "error" });
  if (!ok) throw new Error(`it answered ${status}`);
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
process.exit(0);

export {};
