/** Command-line flags of a bench: `--name value`, `--name=value`, and switches. Unknown flags are mistakes, said in one sentence. */
export interface Option {
  readonly name: string;
  readonly help: string;
  /** The type is the default's: a number, a text, or a switch. */
  readonly value: number | string | boolean;
  /** A text that may be given several times: its values are joined by line ends. */
  readonly repeats?: boolean;
}

export type OptionTable = Readonly<Record<string, Option>>;
/** Values by key, each widened to its default's type. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K]["value"] extends number ? number : T[K]["value"] extends boolean ? boolean : string;
};

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const option = <V extends number | string | boolean>(name: string, value: V, help: string) => ({
  name,
  value,
  help,
});

function parseValue(given: Option, text: string): number | string {
  if (typeof given.value !== "number") return text;
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number < 0) {
    throw new UsageError(`--${given.name} takes a number, not "${text}".`);
  }
  return number;
}

/** The values of `table` after `args`; null when help was asked for. */
export function parseOptions<T extends OptionTable>(table: T, args: readonly string[]): OptionValues<T> | null {
  const values: Record<string, number | string | boolean> = {};
  for (const [key, each] of Object.entries(table)) values[key] = each.value;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--help" || arg === "-h") return null;
    const [flag, inline] = arg.split(/=(.*)/s, 2) as [string, string | undefined];
    const found = Object.entries(table).find(([, each]) => `--${each.name}` === flag);
    if (found === undefined) throw new UsageError(`${flag} is not a flag of this bench. See --help.`);
    const [key, each] = found;
    if (typeof each.value === "boolean") {
      values[key] = inline !== "false";
      continue;
    }
    const text = inline ?? args[++at];
    if (text === undefined) throw new UsageError(`${flag} needs a value.`);
    const value = parseValue(each, text);
    values[key] = each.repeats === true && values[key] !== "" ? `${values[key]}\n${value}` : value;
  }
  return values as OptionValues<T>;
}

export function describeOptions(table: OptionTable): string {
  const rows = Object.values(table).map((each) => {
    const placeholder = typeof each.value === "boolean" ? "" : typeof each.value === "number" ? " N" : " TEXT";
    const fallback = typeof each.value === "boolean" || each.value === "" ? "" : ` (default ${each.value})`;
    return [`  --${each.name}${placeholder}`, `${each.help}${fallback}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join("\n");
}
