import type { Stage } from "./stage.ts";

/** What a case found; one that throws has failed, for the reason that the error says. */
export interface Found {
  readonly wentOn: string;
  readonly refused?: string;
  readonly recovered?: string;
}

export interface Case {
  readonly name: string;
  run(stage: Stage): Promise<Found>;
}
