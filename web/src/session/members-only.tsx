import { Navigate, useLocation } from "@solidjs/router";
import { type JSX, Match, Switch } from "solid-js";
import { locale } from "../i18n/locale.ts";
import { menuWords } from "../i18n/menu-words.ts";
import { entrancePath } from "../paths.ts";
import { type Me, me } from "./session.ts";

/** A page for those who are signed in; others sign in first and then come back to it. */
export function MembersOnly(props: { children: (me: () => Me) => JSX.Element }) {
  const location = useLocation();
  return (
    <Switch>
      <Match when={me()}>{(known) => props.children(known)}</Match>
      <Match when={me() === null}>
        <Navigate href={entrancePath("login", location.pathname + location.search)} />
      </Match>
      <Match when={me() === undefined}>
        <PageSkeleton />
      </Match>
    </Switch>
  );
}

/** The shape of a page that is not there yet. */
export function PageSkeleton() {
  return (
    <div class="page-skeleton">
      <p class="visually-hidden" role="status">
        {menuWords[locale()].loading}
      </p>
      <span />
      <span />
      <span />
    </div>
  );
}
