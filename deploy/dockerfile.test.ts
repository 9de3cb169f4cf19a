/** The image's recipe: linted, and held to what we want of an image. There is no engine here that would build it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { validate } from "dockerfile-utils";
import { dependencies } from "../package.json";

setDefaultTimeout(30_000);

const ROOT = join(import.meta.dir, "..");
const TEXT = readFileSync(join(ROOT, "Dockerfile"), "utf8");

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Continued lines joined, comments left out. */
const instructions: readonly Instruction[] = TEXT.replace(/^\s*#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => {
    const [name = "", ...rest] = line.split(" ");
    return { name, rest: rest.join(" ") };
  });

const of = (name: string) => instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
/** What is said after the last FROM: the image itself. */
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
const lastOf = (name: string) => last.filter((instruction) => instruction.name === name).map(({ rest }) => rest);

test("the linter finds nothing, and finds something in what is wrong", () => {
  expect(validate(TEXT).map(({ range, message }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  expect(validate("FROM debian:13\nRUNN true\nEXPOSE x\n")).toHaveLength(2);
});

test("every stage begins from a version, the runtime's is the one that is tested", () => {
  const stages = of("FROM").map((rest) => rest.split(" ")[0]!);
  const names = new Set(of("FROM").map((rest) => / AS (\S+)/.exec(rest)?.[1]));
  for (const stage of stages.filter((from) => !names.has(from))) {
    expect(stage).toMatch(/:\d+\.\d+\.\d+/);
    if (stage.includes("bun")) expect(stage).toBe(`oven/bun:${dependencies.bun}-slim`);
  }
  expect(Number(/static-ffmpeg:(\d+)/.exec(TEXT)?.[1])).toBeGreaterThanOrEqual(7);
  expect(stages).toHaveLength(6);
});

test("packages are those of the lockfile, and none runs a script of its own", () => {
  const installs = of("RUN").filter((run) => run.includes("bun install"));
  expect(installs).toHaveLength(2);
  for (const run of installs) expect(run).toContain("bun install --frozen-lockfile --ignore-scripts");
  const manifests = [...new Bun.Glob("*/package.json").scanSync(ROOT)];
  const copied = of("COPY").join(" ");
  for (const path of [...manifests, "package.json", "bun.lock", "bunfig.toml", ".npmrc"])
    expect(copied).toContain(path);
});

test("it is no root's, has no secret in it, passes signals on, and says how it is", () => {
  const [user] = lastOf("USER");
  // As a number: Kubernetes can't tell what user a name is.
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(last.findIndex(({ name }) => name === "USER")).toBeGreaterThan(
    last.findLastIndex(({ name }) => name === "RUN"),
  );
  for (const set of [...of("ENV"), ...of("ARG")])
    expect(set).not.toMatch(/PASS|SECRET|TOKEN|DATABASE_URL|REDIS_URL|_KEY/);
  expect(JSON.parse(lastOf("ENTRYPOINT")[0]!)).toEqual(["tini", "--", "bun", "streamhub.ts"]);
  expect(JSON.parse(lastOf("CMD")[0]!)).toEqual(["api"]);
  expect(lastOf("HEALTHCHECK")[0]).toContain('CMD ["bun", "deploy/health.ts", "http://127.0.0.1:8000/api/health"]');
  expect(of("ADD")).toEqual([]);
});

/** `.dockerignore` as its reader does it: the last line that fits decides. */
function isSent(path: string): boolean {
  const lines = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  let sent = true;
  for (const line of lines) {
    const pattern = line.trim();
    if (pattern === "" || pattern.startsWith("#")) continue;
    const glob = new Bun.Glob(pattern.replace(/^!/, ""));
    const parts = path.split("/");
    if (parts.some((_, index) => glob.match(parts.slice(0, index + 1).join("/")))) sent = pattern.startsWith("!");
  }
  return sent;
}

test("what is copied is there and is sent; what is secret, made anew or for tests is not", () => {
  const sources = of("COPY")
    .filter((rest) => !rest.startsWith("--from="))
    .flatMap((rest) => rest.split(" ").slice(0, -1));
  expect(sources.length).toBeGreaterThan(15);
  for (const path of sources) expect([path, existsSync(join(ROOT, path)), isSent(path)]).toEqual([path, true, true]);
  for (const path of [
    ...[
      ".env",
      ".git/config",
      "deploy/secrets/jwt_secret",
      "data/secret",
      "api/.env",
      "cli/data/x",
      "web/dist/index.html",
    ],
    ...[
      "node_modules/x/index.js",
      "api/node_modules/x",
      "cli/metrics.test.ts",
      "ingest/test/fixtures/x",
      "docs/api.md",
    ],
  ])
    expect([path, isSent(path)]).toEqual([path, false]);
});

test("the image has every file that the program may load", () => {
  const seen = new Set<string>();
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const left = [join(ROOT, "streamhub.ts"), join(ROOT, "deploy/health.ts")];
  const missing: string[] = [];
  const copied = lastOf("COPY")
    .filter((rest) => !rest.startsWith("--"))
    .flatMap((rest) => rest.split(" ").slice(0, -1));
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const own = path.slice(ROOT.length + 1);
    const isCopied = copied.some((name) => own === name || own.startsWith(`${name}/`)) || own === "package.json";
    if (!isCopied || !isSent(own)) missing.push(own);
    if (!/\.tsx?$/.test(path)) continue;
    for (const { path: name } of transpiler.scanImports(readFileSync(path, "utf8").replace(/^#!.*/, ""))) {
      if (!name.startsWith(".") && !name.startsWith("@streamhub/")) continue;
      left.push(Bun.resolveSync(name, dirname(path)));
    }
  }
  expect(missing).toEqual([]);
  expect(seen.size).toBeGreaterThan(400);
});

async function health(url: string): Promise<number> {
  const child = Bun.spawn([process.execPath, join(ROOT, "deploy/health.ts"), url], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  return child.exited;
}

test("the health check believes success alone", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => new Response("", { status: Number(new URL(url).pathname.slice(1)) }),
  });
  const { url } = server;
  expect([await health(`${url}200`), await health(`${url}503`), await health("")]).toEqual([0, 1, 1]);
  await server.stop(true);
  expect(await health(`${url}200`)).toBe(1);
});
