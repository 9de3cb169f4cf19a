/** docs/configuration.md, made from the schema of the environment and the tables of limits: `bun run reference` writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENV_VARIABLES, SECRET_VARIABLES, type VariableWords } from "@streamhub/api/env";
import { REQUEST_LIMITS } from "@streamhub/api/limits";
import { DEFAULT_SERVER_LIMITS } from "@streamhub/ingest/server/limits";
import { table } from "./markdown.ts";

const ROOT = join(import.meta.dir, "..", "..");
export const CONFIGURATION_FILE = join(ROOT, "docs", "configuration.md");

interface LimitWords {
  readonly about: string;
  readonly unit: string;
}

const UNITS: Readonly<Record<string, string>> = { Milliseconds: "ms", Bytes: "bytes" };

/** Comment and unit of each number of an interface, where its programmers read them too: they stand nowhere else. */
export function limitsOf(source: string): ReadonlyMap<string, LimitWords> {
  const fields = source.matchAll(/\/\*\* ([^\n]+) \*\/\n\s+readonly (\w+): (\w+);/g);
  return new Map(
    [...fields].map(([, about, name, type]) => [name!, { about: about!, unit: UNITS[type!] ?? "" }] as const),
  );
}

/** Throws for a limit that its interface says nothing about. */
function limitTable(defaults: Readonly<Record<string, number>>, files: readonly string[]): string {
  const words = new Map(files.flatMap((file) => [...limitsOf(readFileSync(join(ROOT, file), "utf8"))]));
  const rows = Object.entries(defaults).map(([name, value]) => {
    const known = words.get(name);
    if (known === undefined) throw new Error(`${name} has no comment in ${files.join(" or ")}`);
    return [`\`${name}\``, String(value), known.unit, known.about];
  });
  return table(["name", "default", "unit", "meaning"], rows);
}

const sentence = (about: string) => about.charAt(0).toUpperCase() + about.slice(1);

function rowOf({ name, about, readBy, default: text }: VariableWords): readonly string[] {
  const byFile = SECRET_VARIABLES.some((secret) => secret === name);
  return [
    `\`${name}\`${byFile ? `, \`${name}_FILE\`` : ""}`,
    text === null ? "" : `\`${text}\``,
    readBy.join(", "),
    sentence(about),
  ];
}

export const configuration = (): string => `# Configuration

Made by \`bun run reference\` from the schema that reads the environment (api/src/env-variables.ts): change it there.

Everything has a default: an empty environment starts a working server. An empty value counts as unset. A wrong one stops the start with a sentence for each variable that says what to
change, and \`bun streamhub doctor\` says the same without a start. [.env.example](../.env.example) is a file to begin with. Bytes take a unit (\`500G\`, \`20GiB\`: powers of 1024).

A variable with a \`_FILE\` form is a secret: that form names the file whose content is the value, as container platforms hand secrets out. Both at once is a mistake. No secret
is ever in a log or an error.

## Variables

${table(["variable", "default", "read by", "meaning"], ENV_VARIABLES.map(rowOf))}

\`serve\` is \`demo\` too; \`doctor\` looks at every variable. Other commands read none.

- \`RTMPS_PORT\` needs \`TLS_CERT\` and \`TLS_KEY\`; the four of \`S3_\` go together or not at all.
- \`HTTP_PORT\`, \`RTMP_PORT\` and \`RTMPS_PORT\` differ from each other; 0 picks a free port.
- With \`NODE_ENV=production\`, \`api\` and \`ingest\` want \`JWT_SECRET\`, the same for all of them.

## RTMP_LIMITS

What the RTMP listener allows: \`RTMP_LIMITS=maxConnections=2000,idleTimeout=20000\`. Each is a whole number of at least 1.

${limitTable({ ...DEFAULT_SERVER_LIMITS }, ["ingest/src/server/limits.ts", "ingest/src/rtmp/limits.ts"])}

## API_LIMITS

How often one address or one account may ask the API: \`API_LIMITS=perSecond=200,burst=800\`. Each is a whole number of at least 1. What is costly in itself (signing in, uploads) has limits of
its own beside these.

${limitTable({ ...REQUEST_LIMITS }, ["api/src/limits/model.ts"])}
`;

if (import.meta.main) writeFileSync(CONFIGURATION_FILE, configuration());
