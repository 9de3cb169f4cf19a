import { WireError } from "../../src/bytes/wire-error.ts";

/** The WireError code that `run` ends with. Any other error passes through: it is a bug. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return "no error";
}
