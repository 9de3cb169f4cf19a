import { A } from "@solidjs/router";
import { createEffect, createSignal, on, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import type { Channel } from "../live/client.ts";
import { entrancePath, watchPath } from "../paths.ts";
import { me } from "../session/session.ts";
import { say } from "../ui/toasts.tsx";
import { BellIcon } from "../ui/viewer-icons.tsx";
import { isFollowed, setFollow } from "./follows.ts";

/** Follows a channel or not; a guest signs in first and comes back. Nobody needs to follow what is their own. */
export function FollowButton(props: { channel: Channel }) {
  const [busy, setBusy] = createSignal(false);
  /** What the reader has just changed and the channel's count does not know yet. */
  const [ahead, setAhead] = createSignal(0);
  createEffect(
    on(
      () => props.channel.followersCount,
      () => setAhead(0),
      { defer: true },
    ),
  );
  const isOn = () => isFollowed(props.channel.id);
  const count = () => props.channel.followersCount + ahead();

  async function toggle(): Promise<void> {
    if (busy()) return;
    setBusy(true);
    const wanted = !isOn();
    setAhead((now) => now + (wanted ? 1 : -1));
    const problem = await setFollow(props.channel, wanted);
    if (problem !== null) {
      setAhead((now) => now - (wanted ? 1 : -1));
      say(problem.code === "follow.limit" ? words().follow.tooMany : words().follow.failed);
    }
    setBusy(false);
  }

  return (
    <div class="follow">
      <Show when={count() > 0}>
        <span class="follow-count">{words().follow.followers(count())}</span>
      </Show>
      <Show when={me()?.id !== props.channel.owner.id}>
        <Show
          when={me()}
          fallback={
            <A class="button" href={entrancePath("login", watchPath(props.channel.slug))}>
              <BellIcon />
              {words().follow.follow}
            </A>
          }
        >
          <button
            type="button"
            class="button"
            classList={{ "button-quiet": isOn() }}
            aria-pressed={isOn()}
            onClick={() => void toggle()}
          >
            <BellIcon />
            {isOn() ? words().follow.following : words().follow.follow}
          </button>
        </Show>
      </Show>
    </div>
  );
}
