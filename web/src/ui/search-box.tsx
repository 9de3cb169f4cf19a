import { useLocation, useNavigate } from "@solidjs/router";
import { createEffect, createMemo, createSignal, createUniqueId, For, on, Show } from "solid-js";
import { words } from "../i18n/locale.ts";
import type { Channel, Stream } from "../live/client.ts";
import { createSearch } from "../live/create-search.ts";
import { searchPath, streamPath, watchPath } from "../paths.ts";
import { LiveLamp } from "./live-lamp.tsx";
import { Thumbnail } from "./thumbnail.tsx";
import { CloseIcon, SearchIcon } from "./viewer-icons.tsx";

interface Option {
  readonly href: string;
  readonly title: string;
  readonly about: string;
  readonly live: boolean;
  readonly slug: string;
  readonly picture: string | null;
}

const LIMIT = 4;

const channelOption = (channel: Channel): Option => ({
  href: watchPath(channel.slug),
  title: channel.title,
  about: channel.owner.fullName ?? channel.owner.username,
  live: channel.isLive,
  slug: channel.slug,
  picture: channel.thumbnailUrl,
});
const streamOption = (stream: Stream): Option => ({
  href: stream.isLive ? watchPath(stream.channel.slug) : streamPath(stream.id),
  title: stream.title,
  about: stream.channel.title,
  live: stream.isLive,
  slug: stream.channel.slug,
  picture: stream.thumbnailUrl ?? stream.coverImageUrl,
});

/** Search with instant results: a combobox whose list is walked with the arrow keys (ARIA 1.2 combobox pattern). */
export function SearchBox() {
  const navigate = useNavigate();
  const location = useLocation();
  const id = createUniqueId();
  const [text, setText] = createSignal("");
  const [open, setOpen] = createSignal(false);
  const [active, setActive] = createSignal(-1);
  const { found, failed } = createSearch(text, { limit: LIMIT, pauseMs: 180 });
  let input: HTMLInputElement | undefined;

  const groups = createMemo(() => {
    const result = found();
    if (result === null) return [];
    return [
      { name: words().search.channels, options: result.channels.map(channelOption) },
      { name: words().search.streams, options: result.streams.map(streamOption) },
    ].filter(({ options }) => options.length > 0);
  });
  const options = createMemo(() => groups().flatMap((group) => group.options));
  const isShown = () => open() && text().trim() !== "" && (found() !== null || failed());
  createEffect(on(options, () => setActive(-1)));
  // The page that was chosen shows: what was looked for is found.
  createEffect(
    on(
      () => location.pathname,
      () => setOpen(false),
      { defer: true },
    ),
  );

  function leave(href: string): void {
    setOpen(false);
    input?.blur();
    navigate(href);
  }

  function submit(): void {
    const chosen = options()[active()];
    if (chosen !== undefined) {
      setText("");
      leave(chosen.href);
    } else if (text().trim() !== "") leave(searchPath(text().trim()));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const count = options().length;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => setActive((now) => (now + 1 >= count ? -1 : now + 1)),
      ArrowUp: () => setActive((now) => (now < 0 ? count - 1 : now - 1)),
      Escape: () => {
        if (isShown()) setOpen(false);
        else setText("");
      },
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    if (event.key !== "Escape") setOpen(true);
    move();
  }

  return (
    <search class="search">
      <form
        class="search-form"
        action="/search"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
        onFocusOut={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false);
        }}
      >
        <SearchIcon />
        <input
          ref={input}
          class="search-input"
          type="text"
          inputmode="search"
          enterkeyhint="search"
          name="q"
          autocomplete="off"
          maxlength="100"
          role="combobox"
          aria-label={words().search.label}
          aria-autocomplete="list"
          aria-expanded={isShown() && options().length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={active() >= 0 ? `${id}-${active()}` : undefined}
          placeholder={words().search.placeholder}
          value={text()}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onKeyDown={onKeyDown}
        />
        <Show when={text() !== ""}>
          <button
            type="button"
            class="search-clear"
            aria-label={words().search.clear}
            onClick={() => {
              setText("");
              input?.focus();
            }}
          >
            <CloseIcon />
          </button>
        </Show>
        <div class="search-results" hidden={!isShown()}>
          <div id={`${id}-list`} role="listbox" aria-label={words().search.label}>
            <For each={groups()}>
              {(group) => (
                // biome-ignore lint/a11y/useSemanticElements: a group of options in a listbox; a fieldset may not stand there.
                <div role="group" aria-label={group.name}>
                  <p class="search-group" aria-hidden="true">
                    {group.name}
                  </p>
                  <For each={group.options}>
                    {(option) => {
                      const index = () => options().indexOf(option);
                      return (
                        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the option that the keys are on.
                        // biome-ignore lint/a11y/useKeyWithClickEvents: as above, Enter in the field chooses it.
                        <div
                          id={`${id}-${index()}`}
                          class="search-option"
                          role="option"
                          tabindex="-1"
                          aria-selected={active() === index()}
                          onPointerMove={() => setActive(index())}
                          onPointerDown={(event) => event.preventDefault()}
                          onClick={() => {
                            setText("");
                            leave(option.href);
                          }}
                        >
                          <Thumbnail slug={option.slug} url={option.picture} live={option.live} />
                          <span class="search-words">
                            <span class="search-title">{option.title}</span>
                            <span class="search-about">{option.about}</span>
                          </span>
                          <Show when={option.live}>
                            <LiveLamp text={words().card.live} />
                          </Show>
                        </div>
                      );
                    }}
                  </For>
                </div>
              )}
            </For>
          </div>
          <Show when={failed()}>
            <p class="search-none">{words().search.failed}</p>
          </Show>
          <Show when={!failed() && found() !== null && options().length === 0}>
            <p class="search-none">{words().search.none(found()?.text ?? "")}</p>
          </Show>
          <Show when={options().length > 0}>
            <button type="submit" class="search-all" onPointerDown={(event) => event.preventDefault()}>
              {words().search.all(text().trim())}
            </button>
          </Show>
        </div>
        <span class="visually-hidden" role="status">
          {isShown() && found() !== null
            ? options().length === 0
              ? words().search.none(found()?.text ?? "")
              : words().search.found(options().length)
            : ""}
        </span>
      </form>
    </search>
  );
}
