import type { Form } from "../forms/create-form.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { FormProblem, PasswordField, TextField } from "../ui/field.tsx";

/** Where a restream goes, to be entered or changed. */
export function RestreamFields(props: { form: Form<{ name: string; url: string; key: string }>; keyHint: string }) {
  const text = () => studioWords().restreams;
  return (
    <>
      <FormProblem text={props.form.problem()} />
      <TextField
        label={text().name}
        hint={text().nameHint}
        maxLength={100}
        error={props.form.error("name")}
        value={props.form.values.name}
        onInput={(value) => props.form.set("name", value)}
      />
      <TextField
        label={text().server}
        hint={text().serverHint}
        plain={true}
        maxLength={1000}
        placeholder="rtmps://"
        error={props.form.error("url")}
        value={props.form.values.url}
        onInput={(value) => props.form.set("url", value)}
      />
      <PasswordField
        label={text().key}
        hint={props.keyHint}
        autocomplete="new-password"
        error={props.form.error("key")}
        value={props.form.values.key}
        onInput={(value) => props.form.set("key", value)}
      />
    </>
  );
}
