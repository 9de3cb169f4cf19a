import { createSignal, onCleanup, Show } from "solid-js";
import { playerWords } from "../i18n/player-locale.ts";
import { watchPath } from "../paths.ts";
import { Off } from "./embedded-player.tsx";
import type { Sources } from "./engine.ts";
import { PlayerView } from "./player-view.tsx";

/** What the page around the frame may say: the next token, before this one is over. */
interface NextToken {
  readonly type: "streamhub.token";
  readonly token: string;
}

const LOOK_MS = 5_000;
const TOKEN = /([?&]token=)[^&#]*/;
const isNextToken = (data: unknown): data is NextToken =>
  typeof data === "object" &&
  data !== null &&
  (data as Partial<NextToken>).type === "streamhub.token" &&
  typeof (data as Partial<NextToken>).token === "string";

/** A private channel's player in a page that has a playback token for it (docs/delivery.md). Nobody is signed in here, so the token is all that is known. */
export function EmbeddedPrivate(props: { slug: string; token: string }) {
  let token = props.token;
  const [live, setLive] = createSignal<boolean | null>(null);
  const at = (name: string) => `/live/${encodeURIComponent(props.slug)}/${name}?token=${encodeURIComponent(token)}`;
  const sources: Sources = {
    get hls() {
      return at("master.m3u8");
    },
    get dash() {
      return at("manifest.mpd");
    },
    fresh: (address) => address.replace(TOKEN, `$1${encodeURIComponent(token)}`),
  };

  /** 429 is an answer of something live: the player says what is wrong. */
  async function look(): Promise<void> {
    const status = await fetch(sources.hls)
      .then((answer) => answer.status)
      .catch(() => null);
    if (status !== null) setLive(status === 200 || status === 429);
  }
  const onMessage = ({ data, source }: MessageEvent) => {
    if (source !== window.parent || !isNextToken(data)) return;
    token = data.token;
    if (live() !== true) void look();
  };
  window.addEventListener("message", onMessage);
  const timer = setInterval(() => {
    if (live() !== true) void look();
  }, LOOK_MS);
  onCleanup(() => {
    clearInterval(timer);
    window.removeEventListener("message", onMessage);
  });
  void look();

  return (
    <main class="embed">
      <Show
        when={live()}
        fallback={
          <Off
            slug={props.slug}
            title={props.slug}
            text={live() === null ? "" : playerWords().offAir}
            href={watchPath(props.slug)}
          />
        }
      >
        <PlayerView
          title={props.slug}
          artist=""
          artwork={null}
          sources={sources}
          isLive={true}
          streamId={null}
          startedAt={null}
          onEnded={() => void look()}
        />
      </Show>
    </main>
  );
}
