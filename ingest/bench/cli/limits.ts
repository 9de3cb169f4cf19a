import { UsageError } from "./options.ts";

/** A bench ends by itself, whatever happens: the longest it may take for these parameters, and then it says so and leaves. */
export function boundRun(seconds: number): void {
  const timer = setTimeout(() => {
    process.stderr.write(`The bench did not end within ${Math.round(seconds)} s: something hangs. Stopped.\n`);
    process.exit(1);
  }, seconds * 1_000);
  timer.unref();
}

export function within(name: string, value: number, low: number, high: number): void {
  if (value < low || value > high) throw new UsageError(`--${name} must be ${low} to ${high}.`);
}
