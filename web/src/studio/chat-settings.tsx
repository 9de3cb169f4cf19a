import { For, Show } from "solid-js";
import {
  type Chat,
  changeChat,
  dismissModerator,
  readBans,
  readChat,
  readModerators,
  unbanPerson,
} from "../chat/messages.ts";
import { createForm } from "../forms/create-form.ts";
import { explain } from "../i18n/account-words.ts";
import { chatWords } from "../i18n/chat-words.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { formatMoment } from "../i18n/when.ts";
import { createAnswer } from "../live/create-answer.ts";
import type { Problem } from "../session/problem.ts";
import { Choices, FormProblem, TextArea, Toggle } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { useStudio } from "./own-channel.ts";

/** Seconds. */
const PAUSES = [0, 5, 10, 30, 60, 300] as const;

/** How a channel's chat is run, who keeps order in it, and who may not write. */
export function ChatSettings() {
  const studio = useStudio();
  const id = () => studio.current().id;
  const chat = createAnswer(id, readChat);
  const text = () => chatWords().settings;
  return (
    <section class="panel" aria-labelledby="chat-settings">
      <div class="panel-head">
        <h2 id="chat-settings">{text().title}</h2>
        <p>{text().lead}</p>
      </div>
      <div class="panel-body">
        <Show when={chat.value()}>{(known) => <ChatForm channelId={id()} chat={known()} />}</Show>
        <Moderators channelId={id()} />
        <Bans channelId={id()} />
      </div>
    </section>
  );
}

const linesOf = (words: string): string[] => [
  ...new Set(
    words
      .split("\n")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
];

function ChatForm(props: { channelId: number; chat: Chat }) {
  const text = () => chatWords().settings;
  const now = props.chat;
  const form = createForm({
    initial: {
      isOn: now.isOn as boolean,
      followersOnly: now.followersOnly as boolean,
      slow: String(now.slowSeconds),
      words: (now.blockedWords ?? []).join("\n"),
    },
    async submit({ isOn, followersOnly, slow, words }) {
      const change = { isOn, followersOnly, slowSeconds: Number(slow), blockedWords: linesOf(words) };
      const outcome = await changeChat(props.channelId, change);
      return outcome.ok ? null : outcome.problem;
    },
    done: () => say(text().saved),
  });
  // Somebody may have chosen another pause by the API.
  const pauses = [...new Set([...PAUSES, now.slowSeconds])].toSorted((a, b) => a - b);
  return (
    <form class="form" noValidate onSubmit={form.onSubmit}>
      <FormProblem text={form.problem()} />
      <Toggle
        label={text().isOn}
        hint={text().isOnHint}
        checked={form.values.isOn}
        onChange={(on) => form.set("isOn", on)}
      />
      <Toggle
        label={text().followersOnly}
        hint={text().followersOnlyHint}
        checked={form.values.followersOnly}
        onChange={(on) => form.set("followersOnly", on)}
      />
      <Choices
        legend={text().slow}
        value={form.values.slow}
        onChange={(value) => form.set("slow", value)}
        options={pauses.map((seconds) => ({
          value: String(seconds),
          label: seconds === 0 ? text().noSlow : formatElapsed(locale(), seconds),
          ...(seconds === 0 ? { hint: text().slowHint } : {}),
        }))}
      />
      <TextArea
        label={text().words}
        hint={text().wordsHint}
        optional={true}
        error={form.error("words")}
        value={form.values.words}
        onInput={(value) => form.set("words", value)}
      />
      <button type="submit" class="button" disabled={form.busy()}>
        {text().save}
      </button>
    </form>
  );
}

/** Says why not, or reads the list again. */
async function undo(work: Promise<Problem | null>, reload: () => Promise<void>): Promise<void> {
  const problem = await work;
  if (problem !== null) say(explain(problem));
  await reload();
}

interface Line {
  readonly user: { readonly id: number; readonly username: string };
}

/** People with one thing to do about each. */
function People<T extends Line>(props: {
  id: string;
  title: string;
  lead?: string;
  none: string;
  people: readonly T[] | undefined;
  about: (person: T) => string;
  action: string;
  actionOf: (name: string) => string;
  onAct: (person: T) => void;
}) {
  return (
    <section class="chat-people" aria-labelledby={props.id}>
      <h3 id={props.id}>{props.title}</h3>
      <Show when={props.lead}>
        <p class="field-hint">{props.lead}</p>
      </Show>
      <Show when={(props.people ?? []).length > 0} fallback={<p class="field-hint">{props.none}</p>}>
        <ul class="rows">
          <For each={props.people}>
            {(person) => (
              <li class="row">
                <div class="row-words">
                  <strong>{person.user.username}</strong>
                  <span class="field-hint">{props.about(person)}</span>
                </div>
                <button
                  type="button"
                  class="button button-quiet"
                  aria-label={props.actionOf(person.user.username)}
                  onClick={() => props.onAct(person)}
                >
                  {props.action}
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </section>
  );
}

const since = (iso: string) => formatMoment(locale(), Date.parse(iso));

function Moderators(props: { channelId: number }) {
  const moderators = createAnswer(() => props.channelId, readModerators);
  const text = () => chatWords().settings;
  return (
    <People
      id="chat-moderators"
      title={text().moderators}
      lead={text().moderatorsLead}
      none={text().noModerators}
      people={moderators.value()?.items}
      about={({ createdAt }) => since(createdAt)}
      action={text().dismiss}
      actionOf={text().dismissOf}
      onAct={({ user }) => void undo(dismissModerator(props.channelId, user.id), moderators.reload)}
    />
  );
}

function Bans(props: { channelId: number }) {
  const bans = createAnswer(() => props.channelId, readBans);
  const text = () => chatWords().settings;
  return (
    <People
      id="chat-bans"
      title={text().bans}
      none={text().noBans}
      people={bans.value()?.items}
      about={({ until }) => (until === null ? text().forEver : text().until(since(until)))}
      action={text().unban}
      actionOf={text().unbanOf}
      onAct={({ user }) => void undo(unbanPerson(props.channelId, user.id), bans.reload)}
    />
  );
}
