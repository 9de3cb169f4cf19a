import { createSignal, For, onCleanup, Show, untrack } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { explain } from "../i18n/account-words.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { createAnswer } from "../live/create-answer.ts";
import type { Problem } from "../session/problem.ts";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Toggle } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { useStudio } from "./own-channel.ts";
import { RestreamFields } from "./restream-fields.tsx";
import { addRestream, changeRestream, deleteRestream, type Restream, readRestreams } from "./restreams.ts";

/** As many as a channel may have. */
const MOST = 5;
/** How it goes is asked for again so often while the channel is live. */
const LOOK_EVERY_MS = 3_000;

/** The other services that a channel's broadcasts go to, and how they get it. */
export function RestreamSettings() {
  const studio = useStudio();
  const id = () => studio.current().id;
  const answer = createAnswer(id, readRestreams);
  const text = () => studioWords().restreams;
  const items = () => answer.value()?.items ?? [];
  const timer = setInterval(() => {
    if (studio.current().isLive && items().length > 0 && !document.hidden) void answer.reload();
  }, LOOK_EVERY_MS);
  onCleanup(() => clearInterval(timer));
  return (
    <section class="panel" aria-labelledby="restream-settings">
      <div class="panel-head">
        <h2 id="restream-settings">{text().title}</h2>
        <p>{text().lead}</p>
      </div>
      <div class="panel-body">
        <Show when={items().length > 0}>
          <ul class="rows">
            <For each={items().map((item) => item.id)}>
              {(restreamId) => (
                <Show when={items().find((item) => item.id === restreamId)}>
                  {(restream) => <Line channelId={id()} restream={restream()} reload={answer.reload} />}
                </Show>
              )}
            </For>
          </ul>
        </Show>
        <Show when={answer.value() !== null}>
          <Show when={items().length < MOST} fallback={<p class="field-hint">{text().full}</p>}>
            <AddForm channelId={id()} onAdded={answer.reload} />
          </Show>
        </Show>
      </div>
    </section>
  );
}

function Line(props: { channelId: number; restream: Restream; reload: () => Promise<void> }) {
  const [asking, setAsking] = createSignal(false);
  const [editing, setEditing] = createSignal(false);
  const text = () => studioWords().restreams;
  const about = () => {
    const { isActive, hasKey, status } = props.restream;
    if (!hasKey) return text().faults.key ?? "";
    if (!isActive) return text().states.switchedOff;
    const state = text().states[status.state];
    const isFailing = status.state === "retrying" || status.state === "refused";
    if (!isFailing || status.fault === null) return state;
    // A fault that only a newer server knows, and the name of a codec, are said in the server's words.
    return `${state} ${text().faults[status.fault.code] ?? status.fault.reason}`;
  };

  async function finish(problem: Problem | null): Promise<void> {
    if (problem !== null) say(explain(problem));
    await props.reload();
  }

  return (
    <li class="row">
      <div class="row-words">
        <strong>{props.restream.name}</strong>
        <span class="field-hint">{props.restream.url}</span>
        <span class="field-hint" role="status">
          {about()}
        </span>
      </div>
      <Toggle
        label={
          <>
            {text().send} <span class="visually-hidden">{props.restream.name}</span>
          </>
        }
        checked={props.restream.isActive}
        onChange={(isActive) => void changeRestream(props.channelId, props.restream.id, { isActive }).then(finish)}
      />
      <button
        type="button"
        class="button button-quiet"
        aria-label={text().editOf(props.restream.name)}
        onClick={() => setEditing(true)}
      >
        {text().edit}
      </button>
      <Dialog open={editing()} title={text().editOf(props.restream.name)} onClose={() => setEditing(false)}>
        <EditForm {...props} onClose={() => setEditing(false)} />
      </Dialog>
      <button
        type="button"
        class="button button-quiet"
        aria-label={text().removeOf(props.restream.name)}
        onClick={() => setAsking(true)}
      >
        {text().remove}
      </button>
      <Confirm
        open={asking()}
        title={text().removeTitle(props.restream.name)}
        text={text().removeText}
        action={text().remove}
        danger={true}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          const problem = await deleteRestream(props.channelId, props.restream.id);
          if (problem === null) void props.reload();
          return problem;
        }}
      />
    </li>
  );
}

/** The key is not shown, so an empty field means the one that is there. */
function EditForm(props: { channelId: number; restream: Restream; reload: () => Promise<void>; onClose: () => void }) {
  const text = () => studioWords().restreams;
  const { id, name, url } = untrack(() => props.restream);
  const form = createForm({
    initial: { name, url, key: "" },
    required: ["name", "url"],
    submit: (given) => {
      const [address, key] = [given.url.trim(), given.key.trim()];
      const moved = address === url ? {} : { url: address };
      return changeRestream(props.channelId, id, { name: given.name, ...moved, ...(key === "" ? {} : { key }) });
    },
    done: () => {
      say(text().changed);
      void props.reload();
      props.onClose();
    },
  });
  return (
    <form class="form" noValidate onSubmit={form.onSubmit}>
      <RestreamFields form={form} keyHint={text().keptKeyHint} />
      <div class="actions">
        <button type="submit" class="button" disabled={form.busy()}>
          {studioWords().save}
        </button>
        <button type="button" class="button button-quiet" onClick={props.onClose}>
          {studioWords().cancel}
        </button>
      </div>
    </form>
  );
}

const EMPTY = { name: "", url: "", key: "" };

function AddForm(props: { channelId: number; onAdded: () => Promise<void> }) {
  const text = () => studioWords().restreams;
  const form = createForm({
    initial: EMPTY,
    required: ["name", "url"],
    submit: ({ name, url, key }) => addRestream(props.channelId, name, url.trim(), key.trim()),
    done: () => {
      form.reset(EMPTY);
      say(text().added);
      void props.onAdded();
    },
  });
  return (
    <form class="form" noValidate onSubmit={form.onSubmit}>
      <RestreamFields form={form} keyHint={text().keyHint} />
      <button type="submit" class="button" disabled={form.busy()}>
        {text().add}
      </button>
    </form>
  );
}
