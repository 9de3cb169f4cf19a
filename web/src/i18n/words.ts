import type { PlayerWords } from "./player-words.ts";
import type { ViewerWords } from "./viewer-words.ts";

/** What every language must say. A dictionary that lacks an entry, or has one too many, does not compile. */
export interface Words extends ViewerWords {
  /** The language's own name. */
  readonly name: string;
  readonly site: Texts<"skip" | "home" | "language" | "toDark" | "toLight" | "footer" | "offline">;
  readonly guide: Texts<
    | "heading"
    | "lead"
    | "server"
    | "serverHelp"
    | "key"
    | "keyHelp"
    | "create"
    | "start"
    | "startHelp"
    | "copy"
    | "copyServer"
    | "copied"
  >;
  readonly player: PlayerWords;
  readonly missing: Texts<"title" | "heading" | "more" | "home">;
  readonly failure: Texts<"heading" | "more" | "retry">;
}

type Texts<Names extends string> = { readonly [Name in Names]: string };
