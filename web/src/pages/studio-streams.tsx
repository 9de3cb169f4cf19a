import { A } from "@solidjs/router";
import { createSignal, For, Show } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { formatDayTime } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { formatMoment } from "../i18n/when.ts";
import type { Stream } from "../live/client.ts";
import { channelStatisticsPath, streamPath } from "../paths.ts";
import type { Problem } from "../session/problem.ts";
import { useStudio } from "../studio/own-channel.ts";
import { deleteStreamLater, startStream, stopStream } from "../studio/stream-actions.ts";
import { StreamDialog } from "../studio/stream-dialog.tsx";
import { createPast, createPlanned } from "../studio/stream-list.ts";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { say } from "../ui/toasts.tsx";

/** What is to come and what was. */
export function StudioStreams() {
  const studio = useStudio();
  const id = () => studio.current().id;
  const planned = createPlanned(id);
  const past = createPast(id);
  const [hidden, setHidden] = createSignal<ReadonlySet<number>>(new Set());
  /** Undefined: no dialog; null: a new one. */
  const [editing, setEditing] = createSignal<Stream | null>();
  const text = () => studioWords().streams;
  const plannedItems = () => (planned.value()?.items ?? []).filter((stream) => !hidden().has(stream.id));

  const reload = () => Promise.all([planned.reload(), past.reload(), studio.refresh()]);

  async function settle(work: Promise<Problem | null>, done?: string): Promise<void> {
    const problem = await work;
    if (problem !== null) say(explain(problem));
    else if (done !== undefined) say(done);
    await reload();
  }

  function remove(stream: Stream): void {
    setHidden((now) => new Set([...now, stream.id]));
    past.hide(stream.id);
    deleteStreamLater(stream, { text: text().deleted(stream.title), undo: studioWords().undo }, () => {
      void reload().then(() => {
        setHidden((now) => new Set([...now].filter((other) => other !== stream.id)));
        past.unhide(stream.id);
      });
    });
  }

  return (
    <>
      <section class="studio-section first-section" aria-labelledby="planned-heading">
        <div class="section-head">
          <h2 id="planned-heading">{text().planned}</h2>
          <button type="button" class="button" onClick={() => setEditing(null)}>
            {text().plan}
          </button>
        </div>
        <p class="field-hint">{text().plannedLead}</p>
        <Show
          when={plannedItems().length > 0}
          fallback={<p class="field-hint">{planned.value() === null ? "" : text().planned0}</p>}
        >
          <ul class="rows">
            <For each={plannedItems()}>
              {(stream) => (
                <li class="row">
                  <div class="row-words">
                    <strong>{stream.title}</strong>
                    <span class="field-hint">
                      {stream.scheduledFor === null
                        ? text().someday
                        : formatMoment(locale(), Date.parse(stream.scheduledFor))}
                    </span>
                  </div>
                  <div class="actions">
                    <Show
                      when={stream.state === "armed"}
                      fallback={
                        <button
                          type="button"
                          class="button"
                          aria-label={text().startOf(stream.title)}
                          onClick={() => void settle(startStream(stream), text().started)}
                        >
                          {text().start}
                        </button>
                      }
                    >
                      <span class="badge">{text().armed}</span>
                      <button
                        type="button"
                        class="button button-quiet"
                        aria-label={text().takeBackOf(stream.title)}
                        onClick={() => void settle(stopStream(stream))}
                      >
                        {text().takeBack}
                      </button>
                    </Show>
                    <RowButtons stream={stream} />
                  </div>
                </li>
              )}
            </For>
          </ul>
        </Show>
      </section>
      <section class="studio-section" aria-labelledby="past-heading">
        <h2 id="past-heading">{text().past}</h2>
        <Show
          when={past.items().length > 0}
          fallback={<p class="field-hint">{past.value() === null ? "" : text().past0}</p>}
        >
          <ul class="rows">
            <For each={past.items()}>
              {(stream) => (
                <li class="row">
                  <div class="row-words">
                    <strong>{stream.title}</strong>
                    <span class="field-hint">
                      {stream.startedAt === null ? "" : formatDayTime(stream.startedAt)}
                      <Show when={!stream.isLive}>
                        , {formatElapsed(locale(), stream.duration ?? 0)}, {text().views(stream.viewCount)}
                      </Show>
                    </span>
                  </div>
                  <div class="actions">
                    <Show when={stream.isLive}>
                      <LiveLamp text={text().live} />
                    </Show>
                    <Show when={stream.recording?.hls}>
                      <A
                        class="button button-quiet"
                        href={streamPath(stream.id)}
                        aria-label={text().watchOf(stream.title)}
                      >
                        {text().watch}
                      </A>
                    </Show>
                    <Show when={stream.recording?.download}>
                      {(address) => (
                        <a
                          class="button button-quiet"
                          href={address()}
                          download=""
                          aria-label={text().downloadOf(stream.title)}
                        >
                          {text().download}
                        </a>
                      )}
                    </Show>
                    <A
                      class="button button-quiet"
                      href={`${channelStatisticsPath(studio.current().slug)}?stream=${stream.id}`}
                      aria-label={text().statisticsOf(stream.title)}
                    >
                      {text().statistics}
                    </A>
                    <RowButtons stream={stream} />
                  </div>
                </li>
              )}
            </For>
          </ul>
          <Show when={past.hasMore()}>
            <button type="button" class="button button-quiet more-button" onClick={() => void past.showMore()}>
              {studioWords().more}
            </button>
          </Show>
        </Show>
      </section>
      <StreamDialog
        open={editing() !== undefined}
        channel={studio.current()}
        stream={editing() ?? null}
        onClose={() => setEditing(undefined)}
        onSaved={() => {
          say(studioWords().saved);
          void reload();
        }}
      />
    </>
  );

  function RowButtons(props: { stream: Stream }) {
    return (
      <>
        <button
          type="button"
          class="button button-quiet"
          aria-label={text().editOf(props.stream.title)}
          onClick={() => setEditing(props.stream)}
        >
          {text().edit}
        </button>
        <Show when={!props.stream.isLive}>
          <button
            type="button"
            class="button button-quiet"
            aria-label={text().deleteOf(props.stream.title)}
            onClick={() => remove(props.stream)}
          >
            {studioWords().delete}
          </button>
        </Show>
      </>
    );
  }
}
