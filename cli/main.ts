/** Runs a command tree: help at every level, unknown options refused, every failure as one sentence and an exit code. */
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from "citty";
import { Failure, misuse } from "./failure.ts";

// citty types a command by its own arguments; a tree mixes many.
// biome-ignore lint/suspicious/noExplicitAny: the library's own type for "a command with whatever arguments"
type AnyCommand = CommandDef<any>;

async function resolve<T>(value: T | Promise<T> | (() => T) | (() => Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;
}

/** Follows the leading command names; what is left is that command's own. */
async function descend(
  root: AnyCommand,
  words: readonly string[],
): Promise<{ command: AnyCommand; parent?: AnyCommand; rest: string[] }> {
  let command = root;
  let parent: AnyCommand | undefined;
  let at = 0;
  for (;;) {
    const children = await resolve(command.subCommands);
    const word = words[at];
    if (children === undefined || word === undefined || word.startsWith("-")) break;
    const child = await resolve(children[word]);
    if (child === undefined) {
      const name = (await resolve(command.meta))?.name ?? "streamhub";
      throw misuse(`${name} has no command "${word}". Commands: ${Object.keys(children).join(", ")}.`);
    }
    parent = command;
    command = child;
    at++;
  }
  return { command, ...(parent ? { parent } : {}), rest: words.slice(at) };
}

/** citty passes unknown options through in silence; a typing mistake must not start a server with defaults. */
function refuseUnknown(args: ArgsDef, rest: readonly string[]): void {
  const known = new Set(["help", "h", "json"]);
  for (const [name, definition] of Object.entries(args)) {
    known.add(name);
    for (const alias of "alias" in definition ? [definition.alias ?? []].flat() : []) known.add(alias);
  }
  for (const word of rest) {
    if (!word.startsWith("-") || word === "-" || word === "--") continue;
    const name = word.replace(/^--?(no-)?/, "").split("=", 1)[0]!;
    if (!known.has(name) && !known.has(`no-${name}`))
      throw misuse(`There is no option ${word.split("=", 1)[0]}. --help lists the options.`);
  }
}

export async function main(root: AnyCommand, words: readonly string[]): Promise<void> {
  const json = words.includes("--json");
  try {
    if (words.length === 1 && (words[0] === "--version" || words[0] === "-v")) {
      console.log((await resolve(root.meta))?.version);
      return;
    }
    const { command, parent, rest } = await descend(root, words);
    const ownHelp = "parsesItself" in command;
    const asksHelp = rest.includes("--help") || rest.includes("-h");
    if (asksHelp && !ownHelp) {
      await help(command, parent);
      return;
    }
    if (command.run === undefined) {
      await help(command, parent);
      process.exitCode = rest.length === 0 ? 0 : 2;
      return;
    }
    if (!ownHelp) refuseUnknown((await resolve(command.args)) ?? {}, rest);
    await runCommand(command, { rawArgs: [...rest] });
  } catch (error) {
    report(error, json);
  }
}

async function help(command: AnyCommand, parent: AnyCommand | undefined): Promise<void> {
  const text = await renderUsage(command, parent);
  console.log(process.stdout.isTTY ? text : stripVTControlCharacters(text));
}

/** Errors that carry a sentence for people: ours, the environment's and the database's. Anything else is a bug and shows its stack. */
function report(error: unknown, json: boolean): void {
  const known =
    error instanceof Error &&
    (error instanceof Failure || "problems" in error || "code" in error || error.name === "CLIError");
  const code = error instanceof Error && "code" in error ? String(error.code) : "cli.failed";
  if (json && error instanceof Error) console.log(JSON.stringify({ error: { code, message: error.message } }));
  if (known) console.error((error as Error).message);
  else console.error(error);
  process.exitCode = error instanceof Failure ? error.exitCode : 1;
}
