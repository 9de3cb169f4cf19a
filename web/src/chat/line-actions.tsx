import { A } from "@solidjs/router";
import { onMount, Show } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { chatWords } from "../i18n/chat-words.ts";
import { userPath } from "../paths.ts";
import type { Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";
import { say } from "../ui/toasts.tsx";
import { CloseIcon } from "../ui/viewer-icons.tsx";
import type { ChatView } from "./create-chat.ts";
import { banPerson, type ChatMessage, deleteMessage, nameModerator, unbanPerson } from "./messages.ts";

const TEN_MINUTES = 600;
const DAY = 86_400;

/** What can be done with a line and its writer: a sheet above the line to write in. */
export function LineActions(props: {
  chat: ChatView;
  message: ChatMessage;
  canWrite: boolean;
  onAnswer: () => void;
  onMention: () => void;
  onClose: () => void;
}) {
  let sheet: HTMLDivElement | undefined;
  onMount(() => sheet?.querySelector<HTMLElement>("button, a")?.focus());
  const author = () => props.message.author;
  const you = () => props.chat.room()?.you ?? null;
  const isOwn = () => me()?.id === author().id;
  const mayWrite = () => props.canWrite && you() !== null && you()?.refusal === null;
  const mayBan = () =>
    you()?.mayModerate === true &&
    !isOwn() &&
    props.message.badge !== "owner" &&
    (props.message.badge === null || you()?.mayManage === true);

  async function act(work: Promise<Problem | null>, done: string, undo?: () => Promise<Problem | null>): Promise<void> {
    const problem = await work;
    const label = chatWords().undo;
    const again = async () => {
      const refused = await undo?.();
      if (refused) say(explain(refused));
    };
    say(
      problem === null ? done : explain(problem),
      problem !== null || undo === undefined ? undefined : { label, run: () => void again() },
    );
    props.onClose();
  }
  const remove = () => act(deleteMessage(props.chat.channelId(), props.message.id), chatWords().removed);
  function ban(seconds: number | null): void {
    const [channel, { id, username }] = [props.chat.channelId(), author()];
    const done = seconds === null ? chatWords().gone(username) : chatWords().muted(username);
    void act(banPerson(channel, id, seconds), done, () => unbanPerson(channel, id));
  }
  const name = () => act(nameModerator(props.chat.channelId(), author().id), chatWords().named(author().username));

  return (
    <div
      ref={sheet}
      class="chat-sheet"
      role="dialog"
      aria-label={chatWords().actions(author().username)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      <p class="chat-sheet-words">
        <strong>{author().username}</strong> {props.message.text}
      </p>
      <div class="chat-sheet-ways">
        <Show when={mayWrite()}>
          <button type="button" onClick={props.onAnswer}>
            {chatWords().answer}
          </button>
          <button type="button" onClick={props.onMention}>
            {chatWords().mention}
          </button>
        </Show>
        <A href={userPath(author().id)}>{chatWords().profile}</A>
        <Show when={isOwn() || you()?.mayModerate}>
          <button type="button" onClick={() => void remove()}>
            {chatWords().remove}
          </button>
        </Show>
        <Show when={mayBan()}>
          <button type="button" onClick={() => ban(TEN_MINUTES)}>
            {chatWords().timeout}
          </button>
          <button type="button" onClick={() => ban(DAY)}>
            {chatWords().timeoutLong}
          </button>
          <button type="button" class="chat-danger" onClick={() => ban(null)}>
            {chatWords().ban}
          </button>
        </Show>
        <Show when={you()?.mayManage && !isOwn() && props.message.badge === null}>
          <button type="button" onClick={() => void name()}>
            {chatWords().name}
          </button>
        </Show>
      </div>
      <button type="button" class="chat-icon chat-sheet-close" aria-label={chatWords().close} onClick={props.onClose}>
        <CloseIcon />
      </button>
    </div>
  );
}
