import "../styles/chat.css";
import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { chatWords } from "../i18n/chat-words.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { CloseIcon } from "../ui/viewer-icons.tsx";
import { ChatLines } from "./chat-lines.tsx";
import { Composer } from "./composer.tsx";
import { createAnnouncer } from "./create-announcer.ts";
import { createChat } from "./create-chat.ts";
import { LineActions } from "./line-actions.tsx";
import type { ChatMessage } from "./messages.ts";

export interface ChatPanelProps {
  readonly channelId: number;
  readonly slug: string;
  /** The broadcast that is on, or that is over and looked at again. */
  readonly streamId: number | null;
  readonly startedAt: string | null;
  readonly isPast?: boolean;
  /** What of it is on the screen. Milliseconds since 1970. */
  readonly playhead: () => number | null;
  /** Without it there is no way to hide it. */
  readonly onHide?: () => void;
}

/** A channel's chat: what is said, and a line to say something. */
export function ChatPanel(props: ChatPanelProps) {
  const chat = createChat({
    channelId: () => props.channelId,
    streamId: () => props.streamId,
    startedAt: () => props.startedAt,
    isPast: () => props.isPast === true,
    playhead: () => props.playhead(),
  });
  const announced = createAnnouncer(chat.visible, chat.loaded);
  const [chosen, setChosen] = createSignal<ChatMessage | null>(null);
  const [answering, setAnswering] = createSignal<ChatMessage | null>(null);
  const [addressed, setAddressed] = createSignal<string | null>(null);
  let back: HTMLElement | null = null;

  createEffect(
    on(
      () => props.channelId,
      () => {
        setChosen(null);
        setAnswering(null);
      },
    ),
  );
  onCleanup(() => {
    back = null;
  });

  function choose(message: ChatMessage, from: HTMLElement): void {
    back = from;
    setChosen(message);
  }
  function close(): void {
    setChosen(null);
    // Where it is still there.
    back?.focus();
  }

  return (
    <section class="chat" aria-labelledby="chat-title">
      <header class="chat-head">
        <h2 id="chat-title">{chatWords().title}</h2>
        <p class="chat-rules">
          <Show when={chat.isReplaying()}>
            <span>{chatWords().inStep}</span>
          </Show>
          <Show when={props.isPast !== true && chat.room()?.followersOnly}>
            <span>{chatWords().followersOnly}</span>
          </Show>
          <Show when={props.isPast !== true && chat.room()?.slowSeconds}>
            {(seconds) => <span>{chatWords().slow(formatElapsed(locale(), seconds()))}</span>}
          </Show>
        </p>
        <Show when={props.onHide}>
          {(hide) => (
            <button type="button" class="chat-icon" aria-label={chatWords().hide} onClick={() => hide()()}>
              <CloseIcon />
            </button>
          )}
        </Show>
      </header>
      <p class="visually-hidden" aria-live="polite">
        {announced()}
      </p>
      <ChatLines chat={chat} isPast={props.isPast === true} onChoose={choose} />
      <Show when={chosen()}>
        {(message) => (
          <LineActions
            chat={chat}
            message={message()}
            onAnswer={() => {
              setAnswering(message());
              setChosen(null);
            }}
            onMention={() => {
              setAddressed(message().author.username);
              setChosen(null);
            }}
            canWrite={props.isPast !== true}
            onClose={close}
          />
        )}
      </Show>
      <Show when={props.isPast !== true}>
        <Composer
          chat={chat}
          slug={props.slug}
          answering={answering()}
          onAnswered={() => setAnswering(null)}
          addressed={addressed()}
          onAddressed={() => setAddressed(null)}
        />
      </Show>
    </section>
  );
}
