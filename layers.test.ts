/**
 * The dependency direction of docs/architecture.md, read from the imports themselves: a wrong arrow fails here. Tests and benchmarks may
 * reach further than the code they exercise, so only source files are read.
 */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = import.meta.dir;
const isSource = (path: string) => /\.tsx?$/.test(path) && !/\.(test|config)\.tsx?$|\/e2e\//.test(path);

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => isSource(path) && !path.includes("node_modules"));
}

interface Import {
  readonly from: string;
  /** A path of this repository, or a package name. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(path: string): Import[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [...text.matchAll(STATEMENT)].map((match) => {
    const name = match[2] ?? match[3] ?? match[4]!;
    const to = name.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(path), name)) : name;
    return { from: path, to, typeOnly: match[1] !== undefined };
  });
}

const all = ["api/src", "db/src", "ingest/src", "web/src"].flatMap(sourcesBelow).flatMap(importsOf);

function arrows(from: RegExp, to: RegExp): string[] {
  return all
    .filter((entry) => from.test(entry.from) && to.test(entry.to))
    .map((entry) => `${entry.from} -> ${entry.to}`);
}

/** The stack of ingest: a folder may import itself and what stands to its left. */
const STACK: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  rtmp: ["bytes"],
  // What a gateway says before the first byte of RTMP.
  "proxy-protocol": ["bytes"],
  flv: ["bytes"],
  // What the programs that we start are given.
  child: [],
  live: ["bytes", "flv"],
  // Reads what encoders say of themselves, which is AMF.
  doctor: ["bytes", "rtmp", "flv", "live"],
  // A remuxer hands samples to the packager and speaks its words for them (packager/track.ts).
  remux: ["bytes", "child", "flv", "live", "packager"],
  packager: ["bytes", "live"],
  // Reads boxes and sample entries with the remuxer's readers.
  conformance: ["bytes", "live", "packager", "remux"],
  storage: ["bytes"],
  recording: ["bytes", "child", "live", "packager", "storage"],
  pictures: ["bytes", "child", "packager"],
  delivery: ["bytes", "flv", "live", "packager", "storage", "recording", "pictures"],
  server: ["bytes", "rtmp", "proxy-protocol", "flv", "live"],
  // A broadcast sent on: the sockets' queue and the handshake's randomness are the server's.
  restream: ["bytes", "rtmp", "flv", "live", "server"],
  callbacks: ["bytes", "live"],
  platform: ["bytes", "live", "doctor"],
};

describe("layers", () => {
  test("the imports are read at all", () => {
    expect(all.length).toBeGreaterThan(100);
    expect(arrows(/^ingest\/src\/rtmp\//, /^ingest\/src\/bytes\//).length).toBeGreaterThan(0);
  });

  test("db imports nothing of ours", () => {
    expect(arrows(/^db\//, /^@streamhub\/(api|ingest|web)|^(api|ingest|web|cli)\//)).toEqual([]);
  });

  test("api and ingest do not know each other, nor the site, nor the command line", () => {
    expect(arrows(/^api\//, /^@streamhub\/(ingest|web)|^(ingest|web|cli)\//)).toEqual([]);
    expect(arrows(/^ingest\//, /^@streamhub\/(api|web)|^(api|web|cli)\//)).toEqual([]);
  });

  test("ingest meets db in platform only", () => {
    expect(arrows(/^ingest\/src\/(?!platform\/)/, /^@streamhub\/db/)).toEqual([]);
  });

  test("web knows the api's client and nothing else of ours", () => {
    expect(arrows(/^web\/src\//, /^@streamhub\/(?!api\/client$)|^(api|db|ingest|cli)\//)).toEqual([]);
  });

  for (const [folder, allowed] of Object.entries(STACK)) {
    test(`ingest/src/${folder} imports only ${[folder, ...allowed].join(", ")}`, () => {
      const others = Object.keys(STACK).filter((name) => name !== folder && !allowed.includes(name));
      expect(
        arrows(new RegExp(`^ingest/src/${folder}/`), new RegExp(`^ingest/src/((${others.join("|")})/|[^/]+\\.ts$)`)),
      ).toEqual([]);
    });
  }

  test("bytes, rtmp, proxy-protocol, flv, doctor, packager and conformance are pure: no Bun, no node:, no package, no clock, no log", () => {
    const pure = /^ingest\/src\/(bytes|rtmp|proxy-protocol|flv|doctor|packager|conformance)\//;
    expect(arrows(pure, /^(?!ingest\/src\/)/)).toEqual([]);
    const impure =
      /\b(Bun\.|process\.|console\.|Date\.now|performance\.now|setTimeout|setInterval|Math\.random|await |async )/;
    const used = sourcesBelow("ingest/src").filter(
      (path) => pure.test(path) && impure.test(withoutComments(readFileSync(join(ROOT, path), "utf8"))),
    );
    expect(used).toEqual([]);
  });

  test("the environment is read in one place", () => {
    const readers = [
      ...sourcesBelow("cli"),
      ...["api/src", "db/src", "ingest/src", "web/src"].flatMap(sourcesBelow),
    ].filter((path) =>
      /\b(process\.env|Bun\.env|import\.meta\.env)\b/.test(withoutComments(readFileSync(join(ROOT, path), "utf8"))),
    );
    expect(readers).toEqual(["cli/environment.ts"]);
  });

  test("no program that ingest starts is given our environment", () => {
    const starts = sourcesBelow("ingest/src")
      .filter((path) => !path.includes("/testing/"))
      .flatMap((path) =>
        readFileSync(join(ROOT, path), "utf8")
          .split("Bun.spawn(")
          .slice(1)
          .map((rest) => ({ path, rest })),
      );
    expect(starts.length).toBeGreaterThan(3);
    expect(starts.filter(({ rest }) => !/^[^;]*\benv: CHILD_ENVIRONMENT\b/.test(rest)).map(({ path }) => path)).toEqual(
      [],
    );
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}
