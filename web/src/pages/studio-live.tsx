import "../styles/watch.css";
import { A } from "@solidjs/router";
import { createMemo, Show, Suspense, untrack } from "solid-js";
import { ChatPanel } from "../chat/chat-side.tsx";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import type { Stream } from "../live/client.ts";
import { createNow } from "../live/create-now.ts";
import { goLivePath } from "../paths.ts";
import { createSources } from "../player/create-sources.ts";
import { PlayerView } from "../player/player-view.tsx";
import { createHealth } from "../studio/create-health.ts";
import { Doctor } from "../studio/doctor.tsx";
import { HealthCharts } from "../studio/health-charts.tsx";
import { useStudio } from "../studio/own-channel.ts";
import { PlaybackQuality } from "../studio/playback-quality.tsx";
import { createLiveQuality } from "../studio/statistics.ts";
import { StopButton } from "../studio/stop-button.tsx";
import { StreamForm } from "../studio/stream-form.tsx";
import { Waiting } from "../studio/waiting.tsx";

/** The broadcast of the moment, for the one who makes it. */
export function StudioLive() {
  const studio = useStudio();
  return (
    <Show when={studio.known()}>
      <Show when={studio.live()} fallback={<OffAir />}>
        {(stream) => <OnAir stream={stream()} />}
      </Show>
    </Show>
  );
}

function OffAir() {
  const studio = useStudio();
  const text = () => studioWords();
  return (
    <section class="studio-off" aria-label={text().live.offAir}>
      <Waiting />
      <p>
        <A class="button" href={goLivePath(studio.current().slug)}>
          {text().nav.goLive}
        </A>
      </p>
    </section>
  );
}

function OnAir(props: { stream: Stream }) {
  const studio = useStudio();
  const now = createNow(1_000);
  const text = () => studioWords().live;
  const id = createMemo(() => props.stream.id);
  const health = createHealth(id, studio.viewers);
  const quality = createLiveQuality(id);
  // The stream is another object after each event; only another broadcast is a reason to load anew.
  const watched = createMemo(() => {
    const stream = { id: id(), ...untrack(() => ({ playback: props.stream.playback, channel: props.stream.channel })) };
    const { playback, channel } = stream;
    if (playback === null) return null;
    return { kind: "stream" as const, id: stream.id, isPrivate: channel.visibility === "private", playback };
  });
  const sources = createSources(watched);
  const uptime = () =>
    formatElapsed(locale(), (now() - Date.parse(props.stream.startedAt ?? props.stream.createdAt)) / 1000);

  return (
    <div class="studio-live">
      <div class="studio-stage">
        <div class="stage">
          <PlayerView
            title={text().preview}
            artist={studio.current().title}
            artwork={props.stream.thumbnailUrl}
            sources={sources()}
            isLive={true}
            streamId={null}
            startedAt={props.stream.startedAt}
            onEnded={() => void studio.refresh()}
          />
        </div>
        <div class="studio-bar">
          <p class="studio-facts">
            <strong>{text().since(uptime())}</strong>
            <span>{text().viewers(studio.viewers())}</span>
          </p>
          <StopButton stream={props.stream} onStopped={() => void studio.refresh()} />
        </div>
      </div>
      <div class="studio-chat">
        <Suspense>
          {/* The streamer answers at once, whatever the preview shows. */}
          <ChatPanel
            channelId={studio.current().id}
            slug={studio.current().slug}
            streamId={id()}
            startedAt={props.stream.startedAt}
            playhead={() => null}
          />
        </Suspense>
      </div>
      <Doctor health={health} />
      <HealthCharts health={health} startedAt={props.stream.startedAt} />
      <Show when={quality.value()}>{(sum) => <PlaybackQuality quality={sum()} />}</Show>
      <StreamForm stream={props.stream} onSaved={() => void studio.refresh()} />
    </div>
  );
}
