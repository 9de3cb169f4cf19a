import { useNavigate } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { channelSettingsPath, PATHS } from "../paths.ts";
import { BroadcastForm } from "../studio/broadcast-form.tsx";
import { createStreamKey, deleteChannel, saveChannel, type Visibility } from "../studio/channel-actions.ts";
import { SlugField, VisibilityChoices } from "../studio/channel-fields.tsx";
import { ChatSettings } from "../studio/chat-settings.tsx";
import { useStudio } from "../studio/own-channel.ts";
import { RestreamSettings } from "../studio/restream-settings.tsx";
import { SecretField } from "../studio/secret-field.tsx";
import { removeThumbnail, saveThumbnail } from "../studio/stream-actions.ts";
import { PictureForm } from "../studio/stream-form.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";

export function StudioSettings() {
  return (
    <div class="panels">
      <ChannelForm />
      <ThumbnailPanel />
      <Show when={useStudio().current().settings}>{(settings) => <BroadcastForm settings={settings()} />}</Show>
      <RestreamSettings />
      <ChatSettings />
      <KeyPanel />
      <DeletePanel />
    </div>
  );
}

function ChannelForm() {
  const studio = useStudio();
  const navigate = useNavigate();
  const text = () => studioWords();
  const channel = studio.current();
  let slug = channel.slug;
  const form = createForm({
    initial: {
      title: channel.title,
      slug: channel.slug,
      description: channel.description ?? "",
      visibility: channel.visibility as string,
    },
    required: ["title", "slug"],
    async submit({ title, slug: name, description, visibility }) {
      const now = studio.current();
      const result = await saveChannel(now, {
        title,
        description,
        // Both stay while the channel is live, so they are only sent when they are others.
        ...(name === now.slug ? {} : { slug: name }),
        ...(visibility === now.visibility ? {} : { visibility: visibility as Visibility }),
      });
      if ("problem" in result) return result.problem;
      slug = result.channel.slug;
      return null;
    },
    done: () => {
      say(text().saved);
      if (slug === studio.current().slug) void studio.refresh();
      else navigate(channelSettingsPath(slug), { replace: true });
    },
  });
  return (
    <section class="panel first-section" aria-labelledby="channel-form">
      <div class="panel-head">
        <h2 id="channel-form">{text().settings.channel}</h2>
        <p>{text().settings.channelLead}</p>
      </div>
      <form class="form panel-body" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        <TextField
          label={text().create.name}
          error={form.error("title")}
          maxLength={200}
          value={form.values.title}
          onInput={(value) => form.set("title", value)}
        />
        <SlugField
          value={form.values.slug}
          own={studio.current().slug}
          hint={text().settings.renameHint}
          error={form.error("slug")}
          onInput={(value) => form.set("slug", value)}
        />
        <TextArea
          label={text().create.about}
          optional={true}
          maxLength={5000}
          error={form.error("description")}
          value={form.values.description}
          onInput={(value) => form.set("description", value)}
        />
        <VisibilityChoices
          legend={text().create.visibility}
          value={form.values.visibility as Visibility}
          onChange={(value) => form.set("visibility", value)}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {text().save}
        </button>
      </form>
    </section>
  );
}

function ThumbnailPanel() {
  const studio = useStudio();
  const text = () => studioWords().settings;
  return (
    <section class="panel" aria-labelledby="channel-picture">
      <div class="panel-head">
        <h2 id="channel-picture">{text().picture}</h2>
      </div>
      <div class="panel-body">
        <PictureForm
          label={text().picture}
          choose={text().choosePicture}
          remove={text().removePicture}
          hint={text().pictureLead}
          url={studio.current().thumbnailUrl}
          onSave={(blob) => saveThumbnail(studio.current(), blob)}
          onRemove={() => removeThumbnail(studio.current())}
          onSaved={() => void studio.refresh()}
        />
      </div>
    </section>
  );
}

function KeyPanel() {
  const studio = useStudio();
  const key = createStreamKey(() => studio.current().id);
  const [asking, setAsking] = createSignal(false);
  const text = () => studioWords().settings;
  return (
    <section class="panel" aria-labelledby="channel-key">
      <div class="panel-head">
        <h2 id="channel-key">{text().key}</h2>
        <p>{text().keyLead}</p>
      </div>
      <div class="panel-body key-body">
        <SecretField value={key.value()?.streamKey ?? null} />
        <button type="button" class="button button-quiet" onClick={() => setAsking(true)}>
          {text().rotate}
        </button>
        <Confirm
          open={asking()}
          title={text().rotateTitle}
          text={text().rotateText}
          action={text().rotate}
          danger={true}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const problem = await key.rotate();
            if (problem === null) say(text().rotated);
            return problem;
          }}
        />
      </div>
    </section>
  );
}

function DeletePanel() {
  const studio = useStudio();
  const navigate = useNavigate();
  const [asking, setAsking] = createSignal(false);
  const [name, setName] = createSignal("");
  const text = () => studioWords().settings;
  const close = () => {
    setAsking(false);
    setName("");
  };
  return (
    <section class="panel" aria-labelledby="channel-delete">
      <div class="panel-head">
        <h2 id="channel-delete">{text().danger}</h2>
        <p>{text().deleteLead}</p>
      </div>
      <div class="panel-body">
        <button type="button" class="button button-danger" onClick={() => setAsking(true)}>
          {text().deleteChannel}
        </button>
        <Show when={asking()}>
          <Confirm
            open={true}
            title={text().deleteChannel}
            text={text().deleteLead}
            action={text().deleteChannel}
            danger={true}
            ready={name() === studio.current().slug}
            onClose={close}
            onConfirm={async () => {
              const problem = await deleteChannel(studio.current());
              if (problem !== null) return problem;
              say(text().deleted);
              navigate(PATHS.studio);
              return null;
            }}
          >
            <TextField label={text().deleteWord(studio.current().slug)} plain={true} value={name()} onInput={setName} />
          </Confirm>
        </Show>
      </div>
    </section>
  );
}
