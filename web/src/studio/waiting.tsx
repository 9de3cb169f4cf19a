import { A } from "@solidjs/router";
import { Show } from "solid-js";
import { studioWords } from "../i18n/studio-words.ts";
import { studioPath, watchPath } from "../paths.ts";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { useStudio } from "./own-channel.ts";

/** Nothing to press: it turns by itself when the encoder's first picture is there. */
export function Waiting() {
  const studio = useStudio();
  const text = () => studioWords().goLive;
  return (
    <div class="waiting" classList={{ "waiting-live": studio.live() !== null }} role="status">
      <Show
        when={studio.live()}
        fallback={
          <>
            <span class="waiting-pulse" aria-hidden="true" />
            <div>
              <strong>{text().waiting}</strong>
              <p>{text().waitingMore}</p>
              <Show when={studio.armed()}>{(stream) => <p>{text().waitingPlan(stream().title)}</p>}</Show>
            </div>
          </>
        }
      >
        <LiveLamp text={studioWords().list.live} />
        <div>
          <strong>{text().onAir}</strong>
          <p>{text().onAirMore}</p>
        </div>
        <div class="actions">
          <A class="button" href={studioPath(studio.current().slug)}>
            {text().toStudio}
          </A>
          <A class="button button-quiet" href={watchPath(studio.current().slug)}>
            {text().toPage}
          </A>
        </div>
      </Show>
    </div>
  );
}
