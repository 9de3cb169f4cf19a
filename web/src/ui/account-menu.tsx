import { A, useLocation, useNavigate } from "@solidjs/router";
import { createEffect, createSignal, createUniqueId, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import { locale } from "../i18n/locale.ts";
import { menuWords } from "../i18n/menu-words.ts";
import { entrancePath, PATHS, userPath } from "../paths.ts";
import { type Me, me, signOut } from "../session/session.ts";
import { Avatar } from "./avatar.tsx";

const text = () => menuWords[locale()];

/** Who is signed in, and where that leads; for a guest, the way in. */
export function AccountMenu() {
  const location = useLocation();
  return (
    <Switch>
      <Match when={me() === undefined}>
        <span class="avatar" aria-hidden="true" />
      </Match>
      <Match when={me()}>{(known) => <MemberMenu me={known()} />}</Match>
      <Match when={me() === null}>
        <a
          class="sign-in"
          href={entrancePath(
            "login",
            location.pathname === PATHS.login || location.pathname === PATHS.register
              ? ""
              : location.pathname + location.search,
          )}
        >
          {text().signIn}
        </a>
      </Match>
    </Switch>
  );
}

function MemberMenu(props: { me: Me }) {
  const [open, setOpen] = createSignal(false);
  const location = useLocation();
  const navigate = useNavigate();
  const id = createUniqueId();
  let box: HTMLDivElement | undefined;
  let button: HTMLButtonElement | undefined;
  const name = () => props.me.fullName ?? props.me.username;

  createEffect(
    on(
      () => location.pathname,
      () => setOpen(false),
      { defer: true },
    ),
  );
  onMount(() => {
    const away = (event: Event) => {
      if (open() && !box?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    box?.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !open()) return;
      setOpen(false);
      button?.focus();
    });
    onCleanup(() => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    });
  });

  async function leave(): Promise<void> {
    if ((await signOut()) === null) navigate(PATHS.home);
  }

  return (
    <div class="account-menu" ref={box}>
      <button
        ref={button}
        type="button"
        class="account-button"
        aria-label={text().menu(name())}
        aria-expanded={open()}
        aria-controls={id}
        onClick={() => setOpen(!open())}
      >
        <Avatar name={props.me.username} url={props.me.avatarUrl} />
      </button>
      <div class="account-list" id={id} hidden={!open()}>
        <p class="account-name">
          <strong>{name()}</strong>
          <span>{props.me.email}</span>
        </p>
        <ul>
          <li>
            <A href={PATHS.studio}>{text().studio}</A>
          </li>
          <li>
            <A href={userPath(props.me.id)}>{text().profile}</A>
          </li>
          <li>
            <A href={PATHS.settings}>{text().settings}</A>
          </li>
          <Show when={props.me.permissions.moderate}>
            <li>
              <A href={PATHS.admin}>{text().admin}</A>
            </li>
          </Show>
          <li>
            <button type="button" onClick={() => void leave()}>
              {text().signOut}
            </button>
          </li>
        </ul>
      </div>
    </div>
  );
}
