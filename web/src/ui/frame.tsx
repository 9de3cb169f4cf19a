import { A, useLocation } from "@solidjs/router";
import { createEffect, ErrorBoundary, For, type JSX, on, Show } from "solid-js";
import { chooseLocale, dictionaries, LOCALES, locale, words } from "../i18n/locale.ts";
import { PATHS } from "../paths.ts";
import { Failure } from "./failure.tsx";
import { MoonIcon, SunIcon } from "./icons.tsx";
import { Mark } from "./mark.tsx";
import { theme, toggleTheme } from "./theme.ts";

/** What surrounds every page. A page that breaks leaves the frame standing, so that the way out is always there. */
export function Frame(props: { children?: JSX.Element }) {
  const location = useLocation();
  let main: HTMLElement | undefined;

  // A new page starts at its content for readers with a keyboard or a screen reader, as a full load would.
  createEffect(
    on(
      () => location.pathname,
      () => main?.focus({ preventScroll: true }),
      { defer: true },
    ),
  );

  return (
    <>
      <a class="skip" href="#content">
        {words().site.skip}
      </a>
      <header class="site-header">
        <A class="brand" href={PATHS.home} aria-label={words().site.home}>
          <Mark />
          <span>StreamHub</span>
        </A>
        <div class="site-tools">
          <fieldset class="locales">
            <legend class="visually-hidden">{words().site.language}</legend>
            <For each={LOCALES}>
              {(choice) => (
                <button
                  type="button"
                  lang={choice}
                  aria-label={`${choice.toUpperCase()}: ${dictionaries[choice].name}`}
                  aria-pressed={locale() === choice}
                  onClick={() => chooseLocale(choice)}
                >
                  {choice.toUpperCase()}
                </button>
              )}
            </For>
          </fieldset>
          <button
            type="button"
            class="round-button"
            aria-label={theme() === "dark" ? words().site.toLight : words().site.toDark}
            onClick={toggleTheme}
          >
            <Show when={theme() === "dark"} fallback={<MoonIcon />}>
              <SunIcon />
            </Show>
          </button>
        </div>
      </header>
      <main id="content" tabindex="-1" ref={main}>
        <ErrorBoundary fallback={() => <Failure />}>{props.children}</ErrorBoundary>
      </main>
      <footer class="site-footer">{words().site.footer}</footer>
    </>
  );
}
