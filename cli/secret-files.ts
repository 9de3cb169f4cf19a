/** Secrets in files: `JWT_SECRET_FILE=/run/secrets/jwt_secret` stands for JWT_SECRET with the file's content. */
import { closeSync, openSync, readSync } from "node:fs";
import { EnvError, type EnvProblem, SECRET_VARIABLES } from "@streamhub/api/env";

type EnvRecord = Readonly<Record<string, string | undefined>>;

/** In bytes; a secret is shorter, and a wrong path may lead to anything. */
const MAX_SIZE = 64 * 1024;

/** Without the line end that editors leave. `wrong` doesn't say the path: somebody may have put the secret itself there. */
function read(path: string): { readonly ok: string } | { readonly wrong: string } {
  let bytes: Buffer;
  try {
    bytes = readStart(path);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENOENT") return { wrong: "must name a file that is there" };
    if (code === "EACCES") return { wrong: "must name a file that this user may read" };
    return { wrong: "must name a file that can be read" };
  }
  if (bytes.length > MAX_SIZE) return { wrong: "must name a file with a secret in it: this one is too large" };
  const text = bytes.toString("utf8").trim();
  return text === "" ? { wrong: "must name a file with a secret in it: this one is empty" } : { ok: text };
}

/** At most a byte more than a secret may have, whatever the path leads to. */
function readStart(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(MAX_SIZE + 1);
    let length = 0;
    for (;;) {
      const more = readSync(file, buffer, length, buffer.length - length, null);
      length += more;
      if (more === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** The record with the content of the files that it names. Throws EnvError with one sentence per file that is no good. */
export function withSecretFiles(record: EnvRecord): EnvRecord {
  const problems: EnvProblem[] = [];
  const found: Record<string, string> = {};
  for (const variable of SECRET_VARIABLES) {
    const name = `${variable}_FILE`;
    const path = record[name]?.trim() ?? "";
    if (path === "") continue;
    const report = (wrong: string) => problems.push({ variable, sentence: `${name} ${wrong}.` });
    if ((record[variable]?.trim() ?? "") !== "") {
      report(`must not be set together with ${variable}: unset one of them`);
      continue;
    }
    const content = read(path);
    if ("wrong" in content) report(content.wrong);
    else found[variable] = content.ok;
  }
  if (problems.length > 0) throw new EnvError(problems);
  return { ...record, ...found };
}
