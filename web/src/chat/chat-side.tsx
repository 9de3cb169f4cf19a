import { createSignal, lazy, Show, Suspense } from "solid-js";
import { words } from "../i18n/locale.ts";
import { recall, remember } from "../ui/memory.ts";
import { isSettled } from "../ui/settled.ts";
import { ChatIcon } from "./chat-icons.tsx";
import type { ChatPanelProps } from "./chat-panel.tsx";

/** Comes after the picture. */
export const ChatPanel = lazy(async () => ({ default: (await import("./chat-panel.tsx")).ChatPanel }));

/** Whether the reader wants to see chats, as chosen last. */
export function createTalk() {
  const [isOn, setOn] = createSignal(recall("chat") !== "hidden");
  return {
    isOn,
    choose(on: boolean): void {
      remember("chat", on ? null : "hidden");
      setOn(on);
    },
  };
}

export type Talk = ReturnType<typeof createTalk>;
type About = Omit<ChatPanelProps, "onHide">;

/** The chat's place beside the picture; it is kept from the beginning, so that nothing moves when it is known whose chat it is. */
export function ChatSide(props: { talk: Talk; about: About | null }) {
  return (
    <aside class="watch-side" aria-label={words().watch.chat}>
      <Show when={isSettled() && props.about}>
        {(about) => (
          <Suspense>
            <ChatPanel {...about()} onHide={() => props.talk.choose(false)} />
          </Suspense>
        )}
      </Show>
    </aside>
  );
}

export function ShowChat(props: { talk: Talk }) {
  return (
    <Show when={!props.talk.isOn()}>
      <button type="button" class="button button-quiet" onClick={() => props.talk.choose(true)}>
        <ChatIcon />
        {words().watch.showChat}
      </button>
    </Show>
  );
}
