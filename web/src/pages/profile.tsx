import "../styles/forms.css";
import { A, useParams } from "@solidjs/router";
import { For, Show } from "solid-js";
import { createProfile } from "../account/profile.ts";
import { accountWords, explain } from "../i18n/account-words.ts";
import { formatDay } from "../i18n/dates.ts";
import { PATHS, watchPath } from "../paths.ts";
import { PageSkeleton } from "../session/members-only.tsx";
import { me } from "../session/session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { LiveLamp } from "../ui/live-lamp.tsx";
import { useTitle } from "../ui/use-title.ts";

export function ProfilePage() {
  const params = useParams<{ id: string }>();
  const { user, channels } = createProfile(() => params.id);
  const text = () => accountWords().profile;
  const name = () => user.value()?.fullName ?? user.value()?.username ?? "";
  useTitle(() => (user.problem() === null ? name() : text().missing));
  const role = () => {
    const given = user.value()?.role;
    return given === "admin" ? text().admin : given === "moderator" ? text().moderator : null;
  };

  return (
    <Show
      when={user.value()}
      fallback={
        <Show when={user.problem()} fallback={<PageSkeleton />}>
          {(problem) => (
            <section class="notice">
              <h1>{problem().code === "offline" ? explain(problem()) : text().missing}</h1>
              <p>{text().missingMore}</p>
            </section>
          )}
        </Show>
      }
    >
      {(known) => (
        <div class="profile">
          <header class="profile-head">
            <Avatar name={known().username} url={known().avatarUrl} large={true} />
            <div>
              <h1>{name()}</h1>
              <p class="profile-facts">
                <Show when={known().fullName}>
                  <span>@{known().username}</span>
                </Show>
                <Show when={role()}>{(title) => <span>{title()}</span>}</Show>
                <span>{text().since(formatDay(known().createdAt))}</span>
              </p>
              <Show when={known().bio}>{(bio) => <p class="profile-bio">{bio()}</p>}</Show>
              <Show when={me()?.id === known().id}>
                <A class="button button-quiet" href={PATHS.settings}>
                  {text().edit}
                </A>
              </Show>
            </div>
          </header>
          <section aria-labelledby="profile-channels">
            <h2 class="profile-channels" id="profile-channels">
              {text().channels}
            </h2>
            <Show
              when={channels.value()?.items.length}
              fallback={<p class="field-hint">{channels.loading() ? "" : text().none}</p>}
            >
              <ul class="channel-grid">
                <For each={channels.value()?.items}>
                  {(channel) => (
                    <li>
                      <A class="channel-tile" href={watchPath(channel.slug)}>
                        <span class="channel-tile-picture">
                          <CarrierArt name={channel.slug} live={channel.isLive} />
                          <Show when={channel.thumbnailUrl}>{(url) => <img src={url()} alt="" loading="lazy" />}</Show>
                          <Show when={channel.isLive}>
                            <LiveLamp text={text().live} />
                          </Show>
                        </span>
                        <strong>{channel.title}</strong>
                      </A>
                    </li>
                  )}
                </For>
              </ul>
            </Show>
          </section>
        </div>
      )}
    </Show>
  );
}
