import { createEffect, createSignal, on, Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { explain } from "../i18n/account-words.ts";
import { studioWords } from "../i18n/studio-words.ts";
import type { Stream } from "../live/client.ts";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { PictureButton, PictureCrop, readPicture } from "../ui/picture-crop.tsx";
import { say } from "../ui/toasts.tsx";
import { editStream, removeCover, saveCover } from "./stream-actions.ts";

const COVER = { width: 1280, height: 720 };

/** Title, description and cover of a broadcast; viewers see a change at once, also while it is live. */
export function StreamForm(props: { stream: Stream; onSaved: () => void }) {
  const text = () => studioWords().live;
  const valuesOf = ({ title, description }: Stream) => ({ title, description: description ?? "" });
  const form = createForm({
    initial: valuesOf(props.stream),
    required: ["title"],
    submit: ({ title, description }) => editStream(props.stream, { title, description }),
    done: () => {
      say(studioWords().saved);
      props.onSaved();
    },
  });
  createEffect(
    on(
      () => props.stream.id,
      () => form.reset(valuesOf(props.stream)),
      { defer: true },
    ),
  );
  return (
    <section class="studio-section" aria-labelledby="stream-form-heading">
      <h2 id="stream-form-heading">{text().edit}</h2>
      <div class="stream-form">
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().name}
            error={form.error("title")}
            maxLength={200}
            value={form.values.title}
            onInput={(value) => form.set("title", value)}
          />
          <TextArea
            label={text().about}
            error={form.error("description")}
            maxLength={5000}
            value={form.values.description}
            onInput={(value) => form.set("description", value)}
          />
          <button type="submit" class="button" disabled={form.busy()}>
            {studioWords().save}
          </button>
        </form>
        <CoverForm stream={props.stream} onSaved={props.onSaved} />
      </div>
    </section>
  );
}

function CoverForm(props: { stream: Stream; onSaved: () => void }) {
  const text = () => studioWords().live;
  return (
    <PictureForm
      label={text().cover}
      choose={text().coverChoose}
      remove={text().coverRemove}
      hint={text().coverHint}
      url={props.stream.coverImageUrl}
      onSave={(blob) => saveCover(props.stream, blob)}
      onRemove={() => removeCover(props.stream)}
      onSaved={props.onSaved}
    />
  );
}

/** A 16:9 picture of a broadcast or a channel: seen, chosen, cropped, taken away. */
export function PictureForm(props: {
  label: string;
  choose: string;
  remove: string;
  hint: string;
  url: string | null;
  onSave: (picture: Blob) => Promise<Parameters<typeof explain>[0] | null>;
  onRemove: () => Promise<Parameters<typeof explain>[0] | null>;
  onSaved: () => void;
}) {
  const [picture, setPicture] = createSignal<ImageBitmap | null>(null);
  const [problem, setProblem] = createSignal<string>();

  async function choose(file: File): Promise<void> {
    const read = await readPicture(file);
    setProblem("problem" in read ? read.problem : undefined);
    if ("picture" in read) setPicture(read.picture);
  }

  async function settle(work: Promise<Parameters<typeof explain>[0] | null>): Promise<void> {
    setPicture(null);
    const refused = await work;
    setProblem(refused === null ? undefined : explain(refused));
    if (refused !== null) return;
    say(studioWords().saved);
    props.onSaved();
  }

  return (
    <div class="picture-form">
      <p class="copy-label">{props.label}</p>
      <div class="picture-frame">
        <Show when={props.url}>{(url) => <img src={url()} alt="" />}</Show>
      </div>
      <div class="actions">
        <PictureButton label={props.choose} onFile={(file) => void choose(file)} />
        <Show when={props.url}>
          <button type="button" class="button button-quiet" onClick={() => void settle(props.onRemove())}>
            {props.remove}
          </button>
        </Show>
      </div>
      <p class="field-hint">{props.hint}</p>
      <FormProblem text={problem()} />
      <PictureCrop
        picture={picture()}
        width={COVER.width}
        height={COVER.height}
        onCancel={() => setPicture(null)}
        onDone={(blob) => void settle(props.onSave(blob))}
      />
    </div>
  );
}
