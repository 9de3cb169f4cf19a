/** What every language must say. A dictionary that lacks an entry, or has one too many, does not compile. */
export interface Words {
  /** The language's own name. */
  readonly name: string;
  readonly site: Texts<"skip" | "home" | "language" | "toDark" | "toLight" | "footer" | "offline">;
  readonly home: Texts<"title" | "list" | "quiet" | "quietMore" | "loading" | "more"> & {
    readonly heading: (live: number) => string;
    readonly appeared: (title: string) => string;
  };
  readonly card: Texts<"live" | "watch" | "fresh"> & {
    readonly since: (time: string) => string;
    readonly viewers: (count: number) => string;
  };
  readonly guide: Texts<
    | "heading"
    | "lead"
    | "server"
    | "serverHelp"
    | "key"
    | "keyHelp"
    | "start"
    | "startHelp"
    | "copy"
    | "copyServer"
    | "copied"
  >;
  readonly watch: Texts<
    "loading" | "offAir" | "offAirMore" | "ended" | "endedMore" | "others" | "missing" | "missingMore" | "about"
  >;
  readonly player: Texts<
    | "region"
    | "play"
    | "pause"
    | "mute"
    | "unmute"
    | "sound"
    | "volume"
    | "live"
    | "toLive"
    | "delivery"
    | "fullscreen"
    | "exitFullscreen"
    | "connecting"
    | "recovering"
    | "blocked"
    | "unsupported"
    | "keys"
  > & { readonly label: (title: string) => string };
  readonly missing: Texts<"title" | "heading" | "more" | "home">;
  readonly failure: Texts<"heading" | "more" | "retry">;
}

type Texts<Names extends string> = { readonly [Name in Names]: string };
