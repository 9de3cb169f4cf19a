import { For, Match, Show, Switch } from "solid-js";
import { chatWords } from "../i18n/chat-words.ts";
import { me } from "../session/session.ts";
import { hueOf } from "../ui/carrier.ts";
import { MoreIcon, ReplyIcon, ShieldIcon, StarIcon } from "./chat-icons.tsx";
import type { Entry } from "./make-log.ts";
import type { ChatMessage } from "./messages.ts";
import { isMentioned, partsOf } from "./parts.ts";

export function ChatLine(props: { entry: Entry; onChoose: (message: ChatMessage, from: HTMLElement) => void }) {
  // A line is never another message: it comes and goes whole.
  const { message } = props.entry;
  const { author, badge, replyTo, text } = message;
  const own = () => me()?.username;
  const isForMe = () => {
    const name = own();
    return name !== undefined && (replyTo?.username === name || isMentioned(text, name));
  };
  return (
    <li class="chat-line" classList={{ "chat-line-mine": isForMe() }} data-message={message.id}>
      <Show when={replyTo}>
        {(answered) => (
          <p class="chat-answered">
            <ReplyIcon />
            <span class="visually-hidden">{chatWords().answers(answered().username)}</span>
            <span aria-hidden="true">
              @{answered().username} {answered().text}
            </span>
          </p>
        )}
      </Show>
      <p class="chat-words">
        <Switch>
          <Match when={badge === "owner"}>
            <span class="chat-badge" title={chatWords().owner}>
              <StarIcon />
              <span class="visually-hidden">{chatWords().owner}</span>
            </span>
          </Match>
          <Match when={badge === "moderator"}>
            <span class="chat-badge" title={chatWords().moderator}>
              <ShieldIcon />
              <span class="visually-hidden">{chatWords().moderator}</span>
            </span>
          </Match>
        </Switch>
        <strong class="chat-name" style={{ "--hue": String(hueOf(author.username)) }}>
          {author.username}
        </strong>
        {": "}
        <For each={partsOf(text)}>
          {(part) => (
            <Switch fallback={part.text}>
              <Match when={part.kind === "link" && part.href}>
                {(href) => (
                  <a href={href()} target="_blank" rel="nofollow ugc noopener noreferrer">
                    {part.text}
                  </a>
                )}
              </Match>
              <Match when={part.kind === "mention"}>
                <span class="chat-mention">{part.text}</span>
              </Match>
            </Switch>
          )}
        </For>
      </p>
      <button
        type="button"
        class="chat-icon chat-more"
        tabindex="-1"
        aria-label={chatWords().actions(author.username)}
        onClick={({ currentTarget }) => props.onChoose(message, currentTarget)}
      >
        <MoreIcon />
      </button>
    </li>
  );
}
