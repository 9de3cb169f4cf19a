/**
 * What the viewer is told about the video, as a table. Engines and the video element only ever send signals; nothing else changes the state.
 *
 * | state      | load    | progress | stall      | pause  | resume  | unload |
 * | ---------- | ------- | -------- | ---------- | ------ | ------- | ------ |
 * | idle       | loading | ·        | ·          | ·      | ·       | ·      |
 * | loading    | loading | playing  | ·          | paused | ·       | idle   |
 * | playing    | loading | ·        | recovering | paused | ·       | idle   |
 * | recovering | loading | playing  | ·          | paused | ·       | idle   |
 * | paused     | loading | playing  | ·          | ·      | loading | idle   |
 *
 * `·` keeps the state. Trouble before the first picture is still "connecting" to the viewer, whatever happens underneath; trouble while
 * paused is mended when the viewer plays again. An engine's error is no signal: it may play on, and then nobody needs to know.
 */
export type PlaybackState = "idle" | "loading" | "playing" | "recovering" | "paused";

/** load: a source was set · progress: the clock of the video moved on · stall: it should have and did not */
export type PlaybackSignal = "load" | "progress" | "stall" | "pause" | "resume" | "unload";

export const PLAYBACK_TABLE: Readonly<Record<PlaybackState, Readonly<Partial<Record<PlaybackSignal, PlaybackState>>>>> =
  {
    idle: { load: "loading" },
    loading: { load: "loading", progress: "playing", pause: "paused", unload: "idle" },
    playing: { load: "loading", stall: "recovering", pause: "paused", unload: "idle" },
    recovering: { load: "loading", progress: "playing", pause: "paused", unload: "idle" },
    paused: { load: "loading", progress: "playing", resume: "loading", unload: "idle" },
  };

export function transition(state: PlaybackState, signal: PlaybackSignal): PlaybackState {
  return PLAYBACK_TABLE[state][signal] ?? state;
}
