import { Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { uniqueKey } from "../forms/unique-key.ts";
import { studioWords } from "../i18n/studio-words.ts";
import type { Channel, Stream } from "../live/client.ts";
import { Dialog } from "../ui/dialog.tsx";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { editStream, planStream } from "./stream-actions.ts";

/** `datetime-local` speaks of the reader's time zone and names none. */
export function toLocalInput(iso: string | null): string {
  if (iso === null) return "";
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
export const fromLocalInput = (text: string): string | null => (text === "" ? null : new Date(text).toISOString());

/** Plans a broadcast, or changes the words of one; `stream` null: a new one. */
export function StreamDialog(props: {
  open: boolean;
  channel: Channel;
  stream: Stream | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  return (
    <Dialog
      open={props.open}
      title={props.stream === null ? studioWords().streams.plan : studioWords().streams.editOf(props.stream.title)}
      onClose={props.onClose}
    >
      <StreamDialogForm {...props} />
    </Dialog>
  );
}

function StreamDialogForm(props: {
  channel: Channel;
  stream: Stream | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const text = () => studioWords().streams;
  const plannable = () => props.stream === null || props.stream.state === "planned";
  let key = uniqueKey();
  const form = createForm({
    initial: {
      title: props.stream?.title ?? "",
      description: props.stream?.description ?? "",
      scheduledFor: toLocalInput(props.stream?.scheduledFor ?? null),
    },
    required: ["title"],
    async submit({ title, description, scheduledFor }) {
      const when = plannable() ? { scheduledFor: fromLocalInput(scheduledFor) } : {};
      if (props.stream !== null) return editStream(props.stream, { title, description, ...when });
      const plan = { title, description, scheduledFor: fromLocalInput(scheduledFor) };
      const problem = await planStream(props.channel, plan, key);
      if (problem !== null && problem.code !== "offline") key = uniqueKey();
      return problem;
    },
    done: () => {
      props.onSaved();
      props.onClose();
    },
  });
  return (
    <form class="form" noValidate onSubmit={form.onSubmit}>
      <FormProblem text={form.problem()} />
      <TextField
        label={text().name}
        error={form.error("title")}
        maxLength={200}
        value={form.values.title}
        onInput={(value) => form.set("title", value)}
      />
      <Show when={plannable()}>
        <TextField
          label={text().when}
          hint={text().whenHint}
          error={form.error("scheduledFor")}
          type="datetime-local"
          min={toLocalInput(new Date().toISOString())}
          value={form.values.scheduledFor}
          onInput={(value) => form.set("scheduledFor", value)}
        />
      </Show>
      <TextArea
        label={text().about}
        optional={true}
        maxLength={5000}
        error={form.error("description")}
        value={form.values.description}
        onInput={(value) => form.set("description", value)}
      />
      <div class="actions">
        <button type="submit" class="button" disabled={form.busy()}>
          {props.stream === null ? text().plan : studioWords().save}
        </button>
        <button type="button" class="button button-quiet" onClick={props.onClose}>
          {studioWords().cancel}
        </button>
      </div>
    </form>
  );
}
