import { useLocation } from "@solidjs/router";
import { createEffect, ErrorBoundary, For, type JSX, lazy, on, Show, Suspense } from "solid-js";
import { chooseLocale, dictionaries, LOCALES, locale, words } from "../i18n/locale.ts";
import { menuWords } from "../i18n/menu-words.ts";
import { documentPath, PATHS } from "../paths.ts";
import { me } from "../session/session.ts";
import { AccountMenu } from "./account-menu.tsx";
import { Failure } from "./failure.tsx";
import { MoonIcon, SunIcon } from "./icons.tsx";
import { Later } from "./later.tsx";
import { Mark } from "./mark.tsx";
import { SearchBox } from "./search-box.tsx";
import { theme, toggleTheme } from "./theme.ts";
import { Toasts } from "./toasts.tsx";

/** Only for who has something new to agree to. */
const PendingDocuments = lazy(async () => ({
  default: (await import("../account/pending-documents.tsx")).PendingDocuments,
}));
/** Only for who is signed in. */
const LiveNotices = lazy(async () => ({ default: (await import("../follows/live-notices.tsx")).LiveNotices }));

const DOCUMENTS = ["terms", "privacy", "rules", "cookies"] as const;

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
        <a class="brand" href={PATHS.home} aria-label={words().site.home}>
          <Mark />
          <span>StreamHub</span>
        </a>
        <SearchBox />
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
          <AccountMenu />
        </div>
      </header>
      <Show when={me()?.pendingDocuments.length}>
        <Suspense>
          <PendingDocuments />
        </Suspense>
      </Show>
      <main id="content" tabindex="-1" ref={main}>
        <ErrorBoundary fallback={() => <Failure />}>
          <Later>{props.children}</Later>
        </ErrorBoundary>
      </main>
      <Later>
        <footer class="site-footer">
          <p>{words().site.footer}</p>
          <nav aria-label={menuWords[locale()].documents}>
            <ul>
              <For each={DOCUMENTS}>
                {(slug) => (
                  <li>
                    <a href={documentPath(slug)}>{menuWords[locale()].documentTitles[slug]}</a>
                  </li>
                )}
              </For>
            </ul>
          </nav>
        </footer>
      </Later>
      <Show when={me()}>
        <Suspense>
          <LiveNotices />
        </Suspense>
      </Show>
      <Toasts />
    </>
  );
}
