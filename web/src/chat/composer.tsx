import { A } from "@solidjs/router";
import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  For,
  Match,
  on,
  onCleanup,
  Show,
  Switch,
} from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { chatWords } from "../i18n/chat-words.ts";
import { locale } from "../i18n/locale.ts";
import { formatMoment } from "../i18n/when.ts";
import { entrancePath, watchPath } from "../paths.ts";
import { me } from "../session/session.ts";
import { CloseIcon } from "../ui/viewer-icons.tsx";
import { SendIcon, SmileIcon } from "./chat-icons.tsx";
import { begunAt, completed, namesFor } from "./completion.ts";
import type { ChatView } from "./create-chat.ts";
import { EMOJI } from "./emoji.ts";
import type { ChatMessage } from "./messages.ts";

/** As the API has it. */
const MAX = 500;
/** From here on it is told how much is left. */
const TELL = 400;

/** The line to write in, or why there is none. */
export function Composer(props: {
  chat: ChatView;
  slug: string;
  answering: ChatMessage | null;
  onAnswered: () => void;
  addressed: string | null;
  onAddressed: () => void;
}) {
  const you = () => props.chat.room()?.you ?? null;
  return (
    <div class="chat-foot">
      <Switch>
        <Match when={me() === undefined || props.chat.room() === null}>
          <p class="chat-note">{props.chat.failed() ? "" : chatWords().loading}</p>
        </Match>
        <Match when={me() === null}>
          <A class="button" href={entrancePath("login", watchPath(props.slug))}>
            {chatWords().signIn}
          </A>
        </Match>
        <Match when={!props.chat.room()?.isOn}>
          <p class="chat-note">{chatWords().off}</p>
        </Match>
        <Match when={you()?.refusal === "chat.banned"}>
          <p class="chat-note" role="status">
            <Show when={you()?.bannedUntil} fallback={chatWords().banned}>
              {(until) => chatWords().bannedUntil(formatMoment(locale(), Date.parse(until())))}
            </Show>
          </p>
        </Match>
        <Match when={you()?.refusal === "chat.followers-only"}>
          <p class="chat-note">{chatWords().toFollow}</p>
        </Match>
        <Match when={true}>
          <Line {...props} />
        </Match>
      </Switch>
    </div>
  );
}

function Line(props: Parameters<typeof Composer>[0]) {
  const [text, setText] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string>();
  const [wait, setWait] = createSignal(0);
  const [emoji, setEmoji] = createSignal(false);
  const [cursor, setCursor] = createSignal(0);
  /** Escape put the names away, for this @. */
  const [away, setAway] = createSignal<number | null>(null);
  const [chosen, setChosen] = createSignal(0);
  const listId = createUniqueId();
  let field: HTMLTextAreaElement | undefined;

  const begun = createMemo(() => {
    const found = begunAt(text(), cursor());
    return found === null || found.from === away() ? null : found;
  });
  const names = createMemo(() => {
    const found = begun();
    return found === null ? [] : namesFor(props.chat.visible(), found.typed, me()?.username ?? null);
  });
  createEffect(on(names, () => setChosen(0)));

  const follow = () => setCursor(field?.selectionStart ?? 0);
  function complete(name: string): void {
    const found = begun();
    if (found === null) return;
    const whole = completed(text(), found, name);
    if (whole.text.length > MAX) return;
    setText(whole.text);
    field?.focus();
    field?.setSelectionRange(whole.cursor, whole.cursor);
    setCursor(whole.cursor);
  }

  /** The keys of a list that opens by itself, as in ARIA's combobox pattern. True: the line need not see it. */
  function onNames(key: string): boolean {
    const count = names().length;
    if (count === 0) return false;
    if (key === "ArrowDown") setChosen((now) => (now + 1) % count);
    else if (key === "ArrowUp") setChosen((now) => (now + count - 1) % count);
    else if (key === "Enter" || key === "Tab") complete(names()[chosen()]!);
    else if (key === "Escape") setAway(begun()?.from ?? null);
    else return false;
    return true;
  }

  createEffect(() => {
    if (wait() <= 0) return;
    const timer = setTimeout(() => setWait((now) => now - 1), 1_000);
    onCleanup(() => clearTimeout(timer));
  });
  createEffect(
    on(
      () => props.answering,
      (message) => {
        if (message !== null) field?.focus();
      },
    ),
  );
  createEffect(
    on(
      () => props.addressed,
      (name) => {
        if (name === null) return;
        insert(`@${name} `);
        props.onAddressed();
      },
    ),
  );

  /** Where the cursor is, with a space before it where words would grow together. */
  function insert(piece: string): void {
    const [from, to] = [field?.selectionStart ?? text().length, field?.selectionEnd ?? text().length];
    const before = text().slice(0, from);
    const gap = before === "" || /\s$/.test(before) ? "" : " ";
    const whole = before + gap + piece + text().slice(to);
    if (whole.length > MAX) return;
    setText(whole);
    field?.focus();
    const at = from + gap.length + piece.length;
    field?.setSelectionRange(at, at);
  }

  async function send(): Promise<void> {
    const said = text().trim();
    if (said === "" || busy() || wait() > 0) return;
    setBusy(true);
    setProblem(undefined);
    const refused = await props.chat.say(said, props.answering?.id ?? null);
    setBusy(false);
    const room = props.chat.room();
    if (refused === null) {
      setText("");
      setEmoji(false);
      props.onAnswered();
      if (room?.you?.mayModerate !== true) setWait(room?.slowSeconds ?? 0);
    } else {
      setProblem(explain(refused));
      if (refused.retryAfter !== null) setWait(Math.ceil(refused.retryAfter));
    }
    field?.focus();
  }

  return (
    <form
      class="chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Show when={props.answering}>
        {(message) => (
          <p class="chat-answering">
            <span>{chatWords().answering(message().author.username)}</span>
            <button
              type="button"
              class="chat-icon"
              aria-label={chatWords().noAnswer}
              onClick={() => props.onAnswered()}
            >
              <CloseIcon />
            </button>
          </p>
        )}
      </Show>
      <Show when={problem()}>
        <p class="chat-problem" role="alert">
          {problem()}
        </p>
      </Show>
      <Show when={emoji()}>
        <div class="chat-emoji">
          <For each={EMOJI}>
            {(sign) => (
              <button type="button" onClick={() => insert(sign)}>
                {sign}
              </button>
            )}
          </For>
        </div>
      </Show>
      <Show when={names().length > 0}>
        <div class="chat-names" role="listbox" id={listId} aria-label={chatWords().names}>
          <For each={names()}>
            {(name, index) => (
              <button
                type="button"
                role="option"
                id={`${listId}-${index()}`}
                tabindex="-1"
                aria-selected={index() === chosen()}
                // The line keeps the focus.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => complete(name)}
              >
                @{name}
              </button>
            )}
          </For>
        </div>
      </Show>
      <div class="chat-input">
        <textarea
          ref={field}
          rows="1"
          maxLength={MAX}
          aria-label={chatWords().input}
          placeholder={chatWords().placeholder}
          value={text()}
          // Of a line that is no combobox by itself these are what ARIA allows.
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={names().length > 0 ? listId : undefined}
          aria-activedescendant={names().length > 0 ? `${listId}-${chosen()}` : undefined}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setAway(null);
            follow();
          }}
          onSelect={follow}
          onBlur={() => setAway(begun()?.from ?? null)}
          onKeyDown={(event) => {
            if (!event.isComposing && !event.shiftKey && onNames(event.key)) {
              event.preventDefault();
              return;
            }
            // While a word is being composed (Japanese, Chinese), Enter chooses it.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <button
          type="button"
          class="chat-icon"
          aria-label={chatWords().emoji}
          aria-expanded={emoji()}
          onClick={() => setEmoji((now) => !now)}
        >
          <SmileIcon />
        </button>
        <button
          type="submit"
          class="chat-icon"
          aria-label={wait() > 0 ? chatWords().wait(wait()) : chatWords().send}
          disabled={busy() || wait() > 0 || text().trim() === ""}
        >
          <Show when={wait() > 0} fallback={<SendIcon />}>
            <span aria-hidden="true">{wait()}</span>
          </Show>
        </button>
      </div>
      <Show when={text().length > TELL}>
        <p class="chat-left">{chatWords().left(MAX - text().length)}</p>
      </Show>
    </form>
  );
}
