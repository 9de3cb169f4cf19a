import { A } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { accountWords, explain } from "../i18n/account-words.ts";
import { userPath } from "../paths.ts";
import type { Me } from "../session/session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { PictureButton, PictureCrop, readPicture } from "../ui/picture-crop.tsx";
import { say } from "../ui/toasts.tsx";
import { removeAvatar, saveAvatar, saveProfile } from "./settings.ts";

const AVATAR_PX = 512;
const BIO_MAX = 1_000;

export function ProfileForm(props: { me: Me }) {
  const text = () => accountWords();
  const form = createForm({
    initial: { username: props.me.username, fullName: props.me.fullName ?? "", bio: props.me.bio ?? "" },
    required: ["username"],
    submit: (values) => saveProfile(props.me, values),
    done: () => say(text().settings.saved),
  });
  return (
    <section class="panel" aria-labelledby="settings-profile">
      <div class="panel-head">
        <h2 id="settings-profile">{text().settings.profile}</h2>
        <p>
          {text().settings.profileLead} <A href={userPath(props.me.id)}>{text().settings.seeProfile}</A>
        </p>
      </div>
      <div class="panel-body">
        <AvatarForm me={props.me} />
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().fields.username}
            hint={text().fields.usernameHint}
            error={form.error("username")}
            autocomplete="username"
            plain={true}
            maxLength={50}
            value={form.values.username}
            onInput={(value) => form.set("username", value)}
          />
          <TextField
            label={text().fields.fullName}
            hint={text().fields.fullNameHint}
            error={form.error("fullName")}
            autocomplete="name"
            optional={true}
            maxLength={100}
            value={form.values.fullName}
            onInput={(value) => form.set("fullName", value)}
          />
          <TextArea
            label={text().fields.bio}
            hint={text().fields.bioHint(BIO_MAX - form.values.bio.length)}
            error={form.error("bio")}
            optional={true}
            maxLength={BIO_MAX}
            value={form.values.bio}
            onInput={(value) => form.set("bio", value)}
          />
          <button type="submit" class="button" disabled={form.busy()}>
            {text().settings.save}
          </button>
        </form>
      </div>
    </section>
  );
}

function AvatarForm(props: { me: Me }) {
  const [picture, setPicture] = createSignal<ImageBitmap | null>(null);
  const [problem, setProblem] = createSignal<string>();
  const text = () => accountWords().settings;

  async function choose(file: File): Promise<void> {
    const read = await readPicture(file);
    setProblem("problem" in read ? read.problem : undefined);
    if ("picture" in read) setPicture(read.picture);
  }

  async function send(blob: Blob): Promise<void> {
    setPicture(null);
    const refused = await saveAvatar(props.me, blob);
    setProblem(refused === null ? undefined : explain(refused));
    if (refused === null) say(text().saved);
  }

  async function remove(): Promise<void> {
    const refused = await removeAvatar(props.me);
    setProblem(refused === null ? undefined : explain(refused));
  }

  return (
    <div class="avatar-form">
      <Avatar name={props.me.username} url={props.me.avatarUrl} large={true} />
      <div>
        <div class="actions">
          <PictureButton label={text().choosePicture} onFile={(file) => void choose(file)} />
          <Show when={props.me.avatarUrl}>
            <button type="button" class="button button-quiet" onClick={() => void remove()}>
              {text().removePicture}
            </button>
          </Show>
        </div>
        <p class="field-hint">{text().pictureHint}</p>
        <FormProblem text={problem()} />
      </div>
      <PictureCrop
        picture={picture()}
        width={AVATAR_PX}
        height={AVATAR_PX}
        round={true}
        onCancel={() => setPicture(null)}
        onDone={(blob) => void send(blob)}
      />
    </div>
  );
}
