/** One line of `doctor`. */
export interface Check {
  readonly name: string;
  /** `warn`: the server starts, something is off. */
  readonly state: "ok" | "warn" | "fail";
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}
