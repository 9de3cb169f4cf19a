/** Something the person at the keyboard can mend: `message` is the whole sentence that is shown, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    message: string,
    /** Stable, for `--json`. */
    readonly code = "cli.failed",
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** A wrong use of the command line. */
export const misuse = (message: string): Failure => new Failure(message, "cli.usage", 2);
