/** What the player says. Apart from the other words, because an embedded player carries nothing else. */
type Texts<Names extends string> = { readonly [Name in Names]: string };

export interface PlayerWords
  extends Texts<
    | "region"
    | "play"
    | "pause"
    | "replay"
    | "mute"
    | "unmute"
    | "sound"
    | "volume"
    | "live"
    | "toLive"
    | "fullscreen"
    | "exitFullscreen"
    | "theatre"
    | "exitTheatre"
    | "pip"
    | "exitPip"
    | "cast"
    | "captions"
    | "noCaptions"
    | "settings"
    | "quality"
    | "auto"
    | "speed"
    | "normal"
    | "delivery"
    | "ultra"
    | "position"
    | "connecting"
    | "recovering"
    | "blocked"
    | "full"
    | "unsupported"
    | "keys"
    | "stats"
    | "help"
    | "close"
    | "offAir"
    | "missing"
    | "watchHere"
  > {
  readonly label: (title: string) => string;
  /** For a reader of the scrub bar: where it stands. */
  readonly at: (position: string, length: string) => string;
  readonly behind: (time: string) => string;
  readonly latency: (seconds: string) => string;
  readonly stat: Texts<
    | "delivery"
    | "resolution"
    | "fps"
    | "dropped"
    | "buffer"
    | "bandwidth"
    | "bitrate"
    | "latency"
    | "volume"
    | "stalls"
    | "join"
  >;
  /** The sheet of shortcuts. */
  readonly key: Texts<
    | "play"
    | "back"
    | "forward"
    | "small"
    | "jump"
    | "mute"
    | "volume"
    | "fullscreen"
    | "theatre"
    | "pip"
    | "captions"
    | "speed"
    | "live"
    | "stats"
    | "help"
  >;
}
