import { createSignal, For, onCleanup } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { CloseIcon } from "../ui/viewer-icons.tsx";
import type { Player } from "./create-player.ts";
import { formatName } from "./settings-menu.tsx";

export interface StatsOverlayProps {
  readonly player: Player;
  readonly video: HTMLVideoElement | undefined;
  readonly onClose: () => void;
}

const EVERY_MS = 500;
const none = "–";

/** The numbers behind the picture, for those who like them. */
export function StatsOverlay(props: StatsOverlayProps) {
  const [now, setNow] = createSignal(read(props, null));
  const timer = setInterval(() => setNow((before) => read(props, before)), EVERY_MS);
  onCleanup(() => clearInterval(timer));

  return (
    <section class="stats" aria-label={playerWords().stats}>
      <button type="button" class="stats-close" aria-label={playerWords().close} onClick={props.onClose}>
        <CloseIcon />
      </button>
      <dl>
        <For each={now().rows}>
          {([name, value]) => (
            <div>
              <dt>{playerWords().stat[name]}</dt>
              <dd data-stat={name}>{value}</dd>
            </div>
          )}
        </For>
      </dl>
    </section>
  );
}

interface Reading {
  readonly at: number;
  readonly frames: number;
  readonly rows: readonly (readonly [keyof ReturnType<typeof playerWords>["stat"], string])[];
}

function read({ player, video }: StatsOverlayProps, before: Reading | null): Reading {
  const at = performance.now();
  const engine = player.engine();
  const quality = video?.getVideoPlaybackQuality?.();
  const frames = quality?.totalVideoFrames ?? 0;
  const fps = before === null || frames < before.frames ? null : ((frames - before.frames) * 1000) / (at - before.at);
  const kind = player.engineKind();
  const level = player.choices.level();
  const bits = engine?.bandwidth() ?? null;
  const latency = player.timeline.latency();
  const { joinMs, stalls } = player.counts();
  const megabits = (value: number | null | undefined) =>
    value === null || value === undefined || value === 0 ? none : `${(value / 1e6).toFixed(2)} Mbit/s`;
  const seconds = (value: number | null) => (value === null ? none : `${value.toFixed(2)} s`);
  return {
    at,
    frames,
    rows: [
      ["delivery", kind === null ? none : kind === "native" ? "HLS (native)" : formatName(kind)],
      ["resolution", video === undefined || video.videoWidth === 0 ? none : `${video.videoWidth}×${video.videoHeight}`],
      ["fps", fps === null ? none : fps.toFixed(0)],
      ["dropped", quality === undefined ? none : `${quality.droppedVideoFrames} / ${frames}`],
      ["buffer", seconds(video === undefined ? null : ahead(video))],
      ["bitrate", megabits(level?.bitrate)],
      ["bandwidth", megabits(bits)],
      ["latency", seconds(latency)],
      ["join", seconds(joinMs === null ? null : joinMs / 1000)],
      ["stalls", String(stalls)],
      ["volume", `${Math.round(player.choices.volume() * 100)} %`],
    ],
  };
}

/** Seconds that are there from the picture on. */
function ahead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
  }
  return 0;
}
