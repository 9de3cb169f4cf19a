import { batch, createEffect, createMemo, createRenderEffect, createSignal, For, on, Show } from "solid-js";
import { chatWords } from "../i18n/chat-words.ts";
import { ChatLine } from "./chat-line.tsx";
import type { ChatView } from "./create-chat.ts";
import type { Entry } from "./make-log.ts";
import type { ChatMessage } from "./messages.ts";

/** Lines in the document: as many as fit the tallest screen, and some to scroll into. */
const SHOWN = 80;
const STEP = 60;
/** Pixels from an edge at which more lines come. */
const NEAR = 120;
const AT_END = 24;

/**
 * The lines, of which only a stretch is in the document: the newest ones, or those around where the reader has scrolled to. Ten thousand messages
 * cost no more than these.
 */
export function ChatLines(props: {
  chat: ChatView;
  isPast: boolean;
  onChoose: (message: ChatMessage, from: HTMLElement) => void;
}) {
  /** The first line of the stretch; null: the newest ones, and whatever comes. */
  const [first, setFirst] = createSignal<Entry | null>(null);
  const [last, setLast] = createSignal<Entry | null>(null);
  let list: HTMLOListElement | undefined;

  const bounds = createMemo(() => {
    const all = props.chat.visible();
    const [from, to] = [first(), last()];
    if (from === null || to === null) return { from: Math.max(0, all.length - SHOWN), to: all.length };
    const end = Math.min(all.length, props.chat.indexOf(to) + 1);
    return { from: Math.min(props.chat.indexOf(from), Math.max(0, end - 1)), to: end };
  });
  const lines = createMemo(() => props.chat.visible().slice(bounds().from, bounds().to));
  const unread = () => (first() === null ? 0 : props.chat.visible().length - bounds().to);

  function toEnd(): void {
    if (list !== undefined) list.scrollTop = list.scrollHeight;
  }
  function follow(): void {
    setFirst(null);
    setLast(null);
    toEnd();
  }

  // The newest line stays in sight, unless the reader is looking at others.
  createRenderEffect(
    on(lines, () => {
      if (first() === null) queueMicrotask(toEnd);
    }),
  );
  // Another log, such as that of a moment long ago: from its end again.
  createRenderEffect(on([() => props.chat.channelId(), () => props.chat.isReplaying()], follow, { defer: true }));

  /** Changes what is in the document without moving what the reader looks at. */
  function show(from: number, to: number): void {
    if (list === undefined) return;
    const all = props.chat.visible();
    const top = list.getBoundingClientRect().top;
    const kept = [...list.children].find((line) => line.getBoundingClientRect().bottom > top) as
      | HTMLElement
      | undefined;
    const before = kept?.getBoundingClientRect().top ?? 0;
    batch(() => {
      setFirst(all[Math.max(0, from)] ?? null);
      setLast(all[Math.min(all.length, to) - 1] ?? null);
    });
    if (kept?.isConnected) list.scrollTop += kept.getBoundingClientRect().top - before;
  }

  function onScroll(): void {
    if (list === undefined) return;
    const all = props.chat.visible();
    const { from, to } = bounds();
    const below = list.scrollHeight - list.clientHeight - list.scrollTop;
    if (below < AT_END && to >= all.length) {
      if (first() !== null) follow();
      return;
    }
    if (first() === null) show(from, to);
    if (list.scrollTop < NEAR) {
      if (from > 0) show(from - STEP, Math.min(to, from - STEP + 2 * SHOWN));
      else if (props.chat.hasOlder()) void props.chat.loadOlder();
    } else if (below < NEAR && to < all.length) show(Math.max(from, to + STEP - 2 * SHOWN), to + STEP);
  }

  // Whoever waits at an edge for more scrolls no further when it comes.
  createEffect(
    on(
      () => props.chat.visible().length,
      () => {
        // Once the document has the lines: what is measured within an effect is what was before it.
        if (first() !== null) queueMicrotask(onScroll);
      },
      { defer: true },
    ),
  );

  /** The list is one stop of the Tab key; within it the arrows go from line to line. */
  function onKeyDown(event: KeyboardEvent): void {
    const buttons = [...(list?.querySelectorAll<HTMLButtonElement>(".chat-more") ?? [])];
    const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const to =
      event.key === "ArrowUp"
        ? now === -1
          ? buttons.length - 1
          : now - 1
        : event.key === "ArrowDown"
          ? now + 1
          : event.key === "Home"
            ? 0
            : event.key === "End"
              ? buttons.length - 1
              : null;
    const target = to === null || (now === -1 && event.key === "ArrowDown") ? undefined : buttons[to];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
    target.closest("li")?.scrollIntoView({ block: "nearest" });
  }

  return (
    <div class="chat-list">
      <Show when={props.chat.failed() && !props.chat.loaded()}>
        <p class="chat-note" role="status">
          {chatWords().failed}
        </p>
      </Show>
      <Show when={props.chat.loaded() && props.chat.visible().length === 0}>
        <p class="chat-note">{props.isPast ? chatWords().emptyPast : chatWords().empty}</p>
      </Show>
      <p id="chat-keys" class="visually-hidden">
        {chatWords().linesKeys}
      </p>
      <ol
        ref={list}
        class="chat-lines"
        tabindex="0"
        aria-label={chatWords().lines}
        aria-describedby="chat-keys"
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        <For each={lines()}>{(entry) => <ChatLine entry={entry} onChoose={props.onChoose} />}</For>
      </ol>
      <Show when={unread() > 0}>
        <button type="button" class="button chat-unread" onClick={follow}>
          {chatWords().newer(unread())}
        </button>
      </Show>
    </div>
  );
}
