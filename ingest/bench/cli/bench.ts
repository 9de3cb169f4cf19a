import { describeOptions, type OptionTable, type OptionValues, option, parseOptions, UsageError } from "./options.ts";
import { say } from "./report.ts";

/** One subcommand. Its `run` says what it measured and returns the exit code: 0, or 1 when something that must hold did not. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  main(args: readonly string[]): Promise<number>;
}

/** Every bench can write what it printed. */
export const jsonOption = { json: option("json", "", "write parameters, machine and results to this file") };

export function makeBench<T extends OptionTable>(
  name: string,
  summary: string,
  options: T,
  run: (values: OptionValues<T>) => Promise<number>,
): Bench {
  return {
    name,
    summary,
    async main(args) {
      try {
        const values = parseOptions(options, args);
        if (values !== null) return await run(values);
        say(`streamhub bench ${name}: ${summary}\n\n${describeOptions(options)}`);
        return 0;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        process.stderr.write(`${error.message}\n`);
        return 2;
      }
    },
  };
}
