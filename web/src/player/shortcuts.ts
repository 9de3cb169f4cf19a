/** Keys of the player, the ones that viewers know from elsewhere. Pure, so that the table is tested without a browser. */
export type Action = "toggle-play" | "toggle-mute" | "toggle-fullscreen" | "jump-to-live" | "volume-up" | "volume-down";

const KEYS: Readonly<Record<string, Action>> = {
  " ": "toggle-play",
  k: "toggle-play",
  m: "toggle-mute",
  f: "toggle-fullscreen",
  l: "jump-to-live",
  ArrowUp: "volume-up",
  ArrowDown: "volume-down",
};

/** The letter keys by position, so that they work in a Russian layout too. */
const CODES: Readonly<Record<string, Action>> = {
  KeyK: "toggle-play",
  KeyM: "toggle-mute",
  KeyF: "toggle-fullscreen",
  KeyL: "jump-to-live",
};

export interface Press {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  /** What has the focus: a control keeps the keys that it understands itself. */
  readonly focus: "button" | "slider" | "text" | "other";
}

export function actionFor(press: Press): Action | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.focus === "text") return null;
  const action = KEYS[press.key.length === 1 ? press.key.toLowerCase() : press.key] ?? CODES[press.code] ?? null;
  if (press.focus === "button" && press.key === " ") return null;
  if (press.focus === "slider" && (action === "volume-up" || action === "volume-down")) return null;
  return action;
}
