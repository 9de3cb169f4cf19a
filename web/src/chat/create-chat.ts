/** A channel's chat as a page sees it: what is on the screen decides what is read. */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { useTopic } from "../live/events.ts";
import { makeRereading } from "../live/make-rereading.ts";
import type { Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";
import { type Entry, makeLog } from "./make-log.ts";
import { makeReplay } from "./make-replay.ts";
import { makeSteps } from "./make-steps.ts";
import { type Chat, type ChatMessage, postMessage, readChat, readMessages, readStretch } from "./messages.ts";

export interface ChatOptions {
  readonly channelId: Accessor<number>;
  /** The broadcast that is on, or that is being looked at again. */
  readonly streamId: Accessor<number | null>;
  readonly startedAt: Accessor<string | null>;
  /** It is over: what was said comes with the picture. */
  readonly isPast: Accessor<boolean>;
  /** What of the broadcast is on the screen. Milliseconds since 1970; null: nothing is. */
  readonly playhead: () => number | null;
}

const PAGE = 100;
const LOOK_MS = 500;
/** Many are told at once that they may have missed something, and should not all ask at once. */
const SPREAD_MS = 2_000;

export type ChatView = ReturnType<typeof createChat>;

export function createChat({ channelId, streamId, startedAt, isPast, playhead }: ChatOptions) {
  const live = makeLog();
  const past = makeLog();
  const [room, setRoom] = createSignal<Chat | null>(null);
  const [failed, setFailed] = createSignal(false);
  const [loaded, setLoaded] = createSignal(false);
  const [at, setAt] = createSignal<number | null>(null);
  const [version, setVersion] = createSignal(0);
  const [older, setOlder] = createSignal<string | null>(null);

  /** What comes after a pause is shown at once; fifty messages a second are shown in ten steps, each of which moves all lines. */
  const step = makeSteps(() => setVersion((now) => now + 1));
  const changed = step.want;
  onCleanup(step.stop);

  async function loadRoom(): Promise<void> {
    const asked = channelId();
    const outcome = await readChat(asked);
    if (asked !== channelId()) return;
    setFailed(!outcome.ok);
    if (outcome.ok) setRoom(outcome.value);
  }

  async function loadNewest(): Promise<void> {
    if (isPast()) return;
    const asked = channelId();
    const outcome = await readMessages(asked, { limit: PAGE });
    if (asked !== channelId() || !outcome.ok) return;
    const { items, nextCursor } = outcome.value;
    live.agree(items);
    // What there was before, if anything is left of it, goes on where it began.
    if (live.entries.length === 0) setOlder(nextCursor);
    live.add(items);
    setLoaded(true);
    changed();
  }

  async function loadOlder(): Promise<void> {
    const [asked, cursor] = [channelId(), older()];
    if (cursor === null || isReplaying()) return;
    setOlder(null);
    const outcome = await readMessages(asked, { limit: PAGE, cursor });
    if (asked !== channelId()) return;
    setOlder(outcome.ok ? outcome.value.nextCursor : cursor);
    if (outcome.ok && live.add(outcome.value.items)) changed();
  }

  const messagesAgain = makeRereading(() => void loadNewest());
  onCleanup(messagesAgain.stop);

  createEffect(
    on([channelId, () => me()?.id], () => {
      setRoom(null);
      void loadRoom();
    }),
  );
  createEffect(
    on(channelId, () => {
      live.empty();
      past.empty();
      setLoaded(false);
      changed();
      // Once more when the feed tells everything that is later: an answer may come from a cache.
      messagesAgain.soon();
    }),
  );

  const roomAgain = makeRereading(() => void loadRoom());
  onCleanup(roomAgain.stop);
  let spread: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(spread));
  useTopic(
    createMemo(() => `chat:${channelId()}`),
    (event) => {
      switch (event.type) {
        case "chat.message":
          live.add([event.data]);
          if (event.data.streamId === streamId()) past.add([event.data]);
          break;
        case "chat.deleted":
          for (const log of [live, past]) log.remove(event.data.messageId);
          break;
        case "chat.cleared":
          for (const log of [live, past]) log.clear(event.data.userId);
          if (event.data.userId === me()?.id) roomAgain.soon();
          break;
        case "chat.settings":
          setRoom((now) => (now === null ? null : { ...now, ...event.data }));
          roomAgain.soon();
          return;
        case "reset":
          clearTimeout(spread);
          spread = setTimeout(() => {
            messagesAgain.soon();
            roomAgain.soon();
          }, SPREAD_MS * Math.random());
          return;
        default:
          return;
      }
      changed();
    },
  );

  const began = () => Date.parse(startedAt() ?? "");
  const replay = makeReplay<ChatMessage>({
    load: async (from, to) => {
      const id = streamId();
      return id === null ? [] : readStretch(id, from / 1_000, to / 1_000);
    },
    onLoaded: (messages) => {
      setLoaded(true);
      past.add(messages);
      changed();
    },
    onJump: () => past.empty(),
  });

  /** Further back than what is known of the newest: the broadcast is being looked at again while it goes on. */
  const isReplaying = createMemo(() => {
    version();
    const [now, first] = [at(), live.entries[0]];
    return isPast() || (now !== null && older() !== null && first !== undefined && now < first.at);
  });

  const look = setInterval(() => {
    const now = playhead();
    setAt(now);
    if (isReplaying() && streamId() !== null && Number.isFinite(began()))
      void replay.follow(Math.max(0, (now ?? began()) - began()));
  }, LOOK_MS);
  onCleanup(() => clearInterval(look));

  const log = () => (isReplaying() ? past : live);
  const visible = createMemo((): readonly Entry[] => {
    version();
    const now = at();
    const end = isPast() && now === null ? 0 : log().upTo(now);
    return log().entries.slice(0, end);
  });

  return {
    channelId,
    room,
    loadRoom,
    failed,
    loaded,
    visible,
    isReplaying,
    /** Where a line is among the visible ones. */
    indexOf: (entry: Entry) => log().indexOf(entry),
    hasOlder: () => !isReplaying() && older() !== null,
    loadOlder,
    /** Null: it was said. */
    async say(text: string, replyTo: number | null): Promise<Problem | null> {
      const now = playhead();
      const outcome = await postMessage(channelId(), text, replyTo, now === null ? null : new Date(now).toISOString());
      if (!outcome.ok) {
        // What the page thought of it is not so any more.
        if (outcome.problem.code.startsWith("chat.")) void loadRoom();
        return outcome.problem;
      }
      live.add([outcome.value]);
      if (isReplaying()) past.add([outcome.value]);
      changed();
      return null;
    },
  };
}
