import { A } from "@solidjs/router";
import { createSignal, For, Show } from "solid-js";
import { createChannelList, removeChannel } from "../admin/admin-data.ts";
import { SearchForm } from "../admin/search-form.tsx";
import { explain } from "../i18n/account-words.ts";
import { adminWords } from "../i18n/admin-words.ts";
import { formatDay } from "../i18n/dates.ts";
import type { Channel } from "../live/client.ts";
import { studioPath, userPath } from "../paths.ts";
import { Confirm } from "../ui/confirm.tsx";
import { FormProblem } from "../ui/field.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { say } from "../ui/toasts.tsx";

export function AdminChannels() {
  const [q, setQ] = createSignal("");
  const [asking, setAsking] = createSignal<Channel | null>(null);
  const channels = createChannelList(q);
  const text = () => adminWords();

  return (
    <section class="studio-section first-section" aria-labelledby="channels-heading">
      <h2 id="channels-heading">{text().channels}</h2>
      <SearchForm label={text().searchChannels} onSearch={setQ} />
      <p class="field-hint">{text().publicOnly}</p>
      <FormProblem text={channels.problem() === null ? undefined : explain(channels.problem()!)} />
      <Show
        when={channels.items().length > 0}
        fallback={<p class="field-hint">{channels.loaded() ? text().none : ""}</p>}
      >
        <ul class="rows">
          <For each={channels.items()}>
            {(channel) => (
              <li class="row">
                <div class="row-words">
                  <A href={studioPath(channel.slug)}>
                    <strong>{channel.title}</strong>
                  </A>
                  <span class="field-hint">
                    <A href={userPath(channel.owner.id)}>{text().by(channel.owner.username)}</A>,{" "}
                    {text().since(formatDay(channel.createdAt))}
                  </span>
                </div>
                <div class="actions">
                  <Show when={channel.isLive}>
                    <LiveLamp text={text().live} />
                  </Show>
                  <button
                    type="button"
                    class="button button-danger"
                    aria-label={text().removeOf(channel.title)}
                    onClick={() => setAsking(channel)}
                  >
                    {text().remove}
                  </button>
                </div>
              </li>
            )}
          </For>
        </ul>
        <Show when={channels.hasMore()}>
          <button type="button" class="button button-quiet more-button" onClick={() => void channels.showMore()}>
            {text().more}
          </button>
        </Show>
      </Show>
      <Show when={asking()}>
        {(channel) => (
          <Confirm
            open={true}
            title={text().removeTitle(channel().title)}
            text={text().removeChannel}
            action={text().remove}
            danger={true}
            onClose={() => setAsking(null)}
            onConfirm={async () => {
              const problem = await removeChannel(channel().id);
              if (problem === null) say(text().removed(channel().title));
              await channels.reload();
              return problem;
            }}
          />
        )}
      </Show>
    </section>
  );
}
