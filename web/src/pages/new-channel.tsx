import "../styles/forms.css";
import "../styles/studio.css";
import { useNavigate } from "@solidjs/router";
import { createForm } from "../forms/create-form.ts";
import { uniqueKey } from "../forms/unique-key.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { goLivePath } from "../paths.ts";
import { MembersOnly } from "../session/members-only.tsx";
import { createChannel, type Visibility } from "../studio/channel-actions.ts";
import { SlugField, VisibilityChoices } from "../studio/channel-fields.tsx";
import { suggestSlug } from "../studio/slug.ts";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { useTitle } from "../ui/use-title.ts";

export function NewChannel() {
  useTitle(() => studioWords().create.title);
  return <MembersOnly>{() => <NewChannelForm />}</MembersOnly>;
}

function NewChannelForm() {
  const navigate = useNavigate();
  const text = () => studioWords().create;
  let key = uniqueKey();
  let chosen = false;
  let made = "";
  const form = createForm({
    initial: { title: "", slug: "", description: "", visibility: "public" as string },
    required: ["title"],
    async submit(values) {
      const result = await createChannel({ ...values, visibility: values.visibility as Visibility }, key);
      if ("problem" in result) {
        // Another body needs another key; the same one again only after nobody answered.
        if (result.problem.code !== "offline") key = uniqueKey();
        return result.problem;
      }
      made = result.channel.slug;
      return null;
    },
    done: () => navigate(goLivePath(made)),
  });

  return (
    <section class="entrance entrance-wide">
      <h1>{text().title}</h1>
      <p class="entrance-lead">{text().lead}</p>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        <TextField
          label={text().name}
          hint={text().nameHint}
          error={form.error("title")}
          maxLength={200}
          value={form.values.title}
          onInput={(value) => {
            form.set("title", value);
            if (!chosen) form.set("slug", suggestSlug(value));
          }}
        />
        <SlugField
          value={form.values.slug}
          error={form.error("slug")}
          hint={text().slugHint}
          onInput={(value) => {
            chosen = value !== "";
            form.set("slug", value);
          }}
        />
        <VisibilityChoices
          legend={text().visibility}
          value={form.values.visibility as Visibility}
          onChange={(value) => form.set("visibility", value)}
        />
        <TextArea
          label={text().about}
          optional={true}
          maxLength={5000}
          error={form.error("description")}
          value={form.values.description}
          onInput={(value) => form.set("description", value)}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {text().submit}
        </button>
      </form>
    </section>
  );
}
