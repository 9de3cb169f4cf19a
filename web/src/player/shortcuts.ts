/** Keys of the player, the ones that viewers know from elsewhere. Pure, so that the table is tested without a browser. */
export type Action =
  | { readonly do: Command }
  /** Seconds, forward or back. */
  | { readonly do: "move"; readonly by: number }
  /** 0 to 0.9 of what can be seen. */
  | { readonly do: "jump"; readonly to: number };

export type Command =
  | "toggle-play"
  | "toggle-mute"
  | "toggle-fullscreen"
  | "toggle-theatre"
  | "toggle-pip"
  | "toggle-captions"
  | "toggle-stats"
  | "toggle-help"
  | "jump-to-live"
  | "volume-up"
  | "volume-down"
  | "slower"
  | "faster"
  | "close";

const FAR = 10;
const NEAR = 5;

const KEYS: Readonly<Record<string, Action>> = {
  " ": { do: "toggle-play" },
  k: { do: "toggle-play" },
  j: { do: "move", by: -FAR },
  l: { do: "move", by: FAR },
  ArrowLeft: { do: "move", by: -NEAR },
  ArrowRight: { do: "move", by: NEAR },
  ArrowUp: { do: "volume-up" },
  ArrowDown: { do: "volume-down" },
  m: { do: "toggle-mute" },
  f: { do: "toggle-fullscreen" },
  t: { do: "toggle-theatre" },
  i: { do: "toggle-pip" },
  c: { do: "toggle-captions" },
  "<": { do: "slower" },
  ">": { do: "faster" },
  "?": { do: "toggle-help" },
  Home: { do: "jump", to: 0 },
  End: { do: "jump-to-live" },
  Escape: { do: "close" },
};

/** The letter keys by position, so that they work in a Russian layout too. */
const CODES: Readonly<Record<string, Action>> = Object.fromEntries(
  ["k", "j", "l", "m", "f", "t", "i", "c"].map((letter) => [`Key${letter.toUpperCase()}`, KEYS[letter]!]),
);
/** What is typed with Shift, by position: other layouts have other signs there. */
const SHIFT_CODES: Readonly<Record<string, Action>> = {
  Slash: { do: "toggle-help" },
  Comma: { do: "slower" },
  Period: { do: "faster" },
};

export interface Press {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  /** What has the focus: a control keeps the keys that it understands itself. `choice`: radio buttons and their like. */
  readonly focus: "button" | "slider" | "scrub" | "choice" | "text" | "other";
}

export function actionFor(press: Press): Action | null {
  const { key, focus } = press;
  if (press.ctrlKey || press.altKey || press.metaKey || focus === "text") return null;
  const action = find(press);
  if (action === null || action.do === "close") return action;
  if (focus === "button" && key === " ") return null;
  if (focus === "slider" && (key.startsWith("Arrow") || key === "Home" || key === "End")) return null;
  if (focus === "choice" && (key.startsWith("Arrow") || key === " ")) return null;
  return action;
}

function find({ key, code, shiftKey }: Press): Action | null {
  if (/^[0-9]$/.test(key)) return { do: "jump", to: Number(key) / 10 };
  const byKey = KEYS[key.length === 1 ? key.toLowerCase() : key];
  if (byKey !== undefined) return byKey;
  return (shiftKey ? SHIFT_CODES[code] : CODES[code]) ?? null;
}

/** What has the focus, as far as keys go. */
export function focusOf(target: EventTarget | null): Press["focus"] {
  if (target instanceof HTMLInputElement) {
    if (target.type === "range") return target.dataset.scrub === undefined ? "slider" : "scrub";
    return target.type === "radio" || target.type === "checkbox" ? "choice" : "text";
  }
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return "text";
  if (target instanceof HTMLElement && target.isContentEditable) return "text";
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement ? "button" : "other";
}
