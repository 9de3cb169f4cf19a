/** Types all of docs/api.md at a real server, from top to bottom, and compares what comes back; no address of the API may be missing there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDataDir, startServer, type TestServer, until } from "./e2e/server.ts";

const ROOT = join(import.meta.dir, "..");
const PAGE = readFileSync(join(ROOT, "docs", "api.md"), "utf8");

interface Statement {
  readonly text: string;
  /** Behind the `#`. */
  readonly note: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

let server: TestServer;
let folder: string;
const asked: { method: string; path: string }[] = [];
const variables: Record<string, string> = {};

beforeAll(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), "streamhub-docs-"));
  // The same curl, saying the status on the side and what it asked for.
  const shim = join(folder, "curl");
  writeFileSync(
    shim,
    `#!/bin/sh\nexec ${Bun.which("curl")} -sS -w '%{stderr}\\n@@%{http_code} %{method} %{url_effective}\\n' "$@"\n`,
  );
  chmodSync(shim, 0o755);
}, 60_000);

afterAll(async () => {
  await run("kill $(cat encoder.pid) 2>/dev/null");
  await server?.stop();
  if (server !== undefined) removeDataDir(server.dataDir);
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

/** Commands of a block, those that go over several lines joined. */
function statementsOf(block: string): Statement[] {
  return block
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, text = "", note = ""] = /^(.*?)(?:\s+# (.*))?$/.exec(line) ?? [];
      return { text, note };
    });
}

async function run(text: string): Promise<{ out: string; said: string; code: number }> {
  const child = Bun.spawn(["bash", "-c", text], {
    cwd: folder,
    env: {
      ...process.env,
      ...variables,
      PATH: `${folder}:${join(ROOT, "node_modules", ".bin")}:${process.env.PATH}`,
      DATA_DIR: server.dataDir,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  });
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, said, code };
}

const SAID = /^@@(\d{3}) (\w+) (\S+)$/gm;

async function curl({ text, note }: Statement): Promise<Answer> {
  const { out, said } = await run(text);
  const calls = [...said.matchAll(SAID)];
  const [, status = "", method = "", url = ""] = calls.at(-1) ?? [];
  const wanted = /^\d{3}\b/.exec(note)?.[0] ?? "200";
  if (status !== wanted)
    throw new Error(
      `${text}\n  wanted ${wanted}, got ${status}: ${out.slice(0, 500)} ${said.slice(0, 300)}\n${server.log().slice(-1_500)}`,
    );
  asked.push({ method, path: new URL(url).pathname });
  return { status: Number(status), body: out };
}

/** `items.1.id` of an answer. */
function field(answer: Answer | null, path: string): string {
  const found = path
    .split(".")
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown> | undefined)?.[name],
      JSON.parse(answer?.body ?? "null"),
    );
  if (found === undefined || found === null) throw new Error(`There is no ${path} in ${answer?.body}`);
  return String(found);
}

/** What of the written answer the real one has not; numbers and texts may be others, unless they are ours to know. */
function differences(written: unknown, real: unknown, at = "$"): string[] {
  if (Array.isArray(written)) {
    if (!Array.isArray(real)) return [`${at} is no list`];
    return written.length === 0 || real.length === 0 ? [] : differences(written[0], real[0], `${at}[0]`);
  }
  if (typeof written === "object" && written !== null) {
    if (typeof real !== "object" || real === null) return [`${at} is no object`];
    // `"…": "…"` stands for more of them.
    const named = Object.entries(written).filter(([name]) => name !== "…");
    return named.flatMap(([name, value]) =>
      name in real
        ? differences(value, (real as Record<string, unknown>)[name], `${at}.${name}`)
        : [`${at}.${name} is missing`],
    );
  }
  if (typeof written === "string" && (written.includes("…") || written.includes("/")))
    return typeof real === "string" ? [] : [`${at} is no text`];
  if (written === null || typeof written === "boolean")
    return real === written ? [] : [`${at} is ${JSON.stringify(real)}`];
  return typeof real === typeof written ? [] : [`${at} is ${JSON.stringify(real)}`];
}

async function execute(statement: Statement, last: Answer | null): Promise<Answer | null> {
  const { text, note } = statement;
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === "API") variables.API = server.site;
  else if (name === "RTMP") variables.RTMP = server.rtmp;
  else if (name !== undefined && /^[\w.]+/.test(note)) variables[name] = field(last, /^[\w.]+/.exec(note)![0]);
  else if (name !== undefined) variables[name] = (await run(`${text}; printf %s "$${name}"`)).out;
  else if (text.startsWith("curl ")) return curl(statement);
  else if (text.endsWith("&")) {
    await run(`(${text.slice(0, -1)} </dev/null >/dev/null 2>&1 & echo $! > encoder.pid)`);
    await until(
      "the broadcast",
      async () => (await (await fetch(`${server.site}/api/streams?live=true`)).text()).includes(`"isLive":true`),
      60,
    );
  } else {
    const { code, said } = await run(text.replace("npx bun streamhub ", `bun ${join(ROOT, "streamhub.ts")} `));
    if (code !== 0) throw new Error(`${text}: ${said}`);
  }
  return value === undefined ? null : last;
}

test("every command of docs/api.md gives what the page says", async () => {
  let last: Answer | null = null;
  for (const [, language, block = ""] of PAGE.matchAll(/^```(sh|json)\n(.*?)^```$/gms)) {
    if (language === "json") {
      const shown: unknown = JSON.parse(block);
      expect({ block, found: differences(shown, JSON.parse(last?.body ?? "null")) }).toEqual({ block, found: [] });
    } else for (const statement of statementsOf(block)) last = await execute(statement, last);
  }
}, 240_000);

test("no address of the API is missing on the page", async () => {
  const document = (await (await fetch(`${server.site}/api/openapi`)).json()) as { paths: Record<string, object> };
  const missing = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => {
        const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
        return !asked.some((each) => each.method === method.toUpperCase() && pattern.test(each.path));
      })
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(missing).toEqual([]);
});
