import "../styles/forms.css";
import { A } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { askForLetter } from "../account/mail.ts";
import { createForm } from "../forms/create-form.ts";
import { accountWords } from "../i18n/account-words.ts";
import { PATHS } from "../paths.ts";
import { FormProblem, TextField } from "../ui/field.tsx";
import { useTitle } from "../ui/use-title.ts";

/** Asks for a letter whose link sets another password. */
export function Forgotten() {
  const text = () => accountWords().forgotten;
  useTitle(() => text().title);
  const [isSent, setSent] = createSignal(false);
  const form = createForm({
    initial: { login: "" },
    required: ["login"],
    submit: ({ login }) => askForLetter(login),
    done: () => setSent(true),
  });

  return (
    <section class="entrance">
      <h1>{text().title}</h1>
      <Show
        when={isSent()}
        fallback={
          <>
            <p class="entrance-lead">{text().lead}</p>
            <form class="form" noValidate onSubmit={form.onSubmit}>
              <FormProblem text={form.problem()} />
              <TextField
                label={accountWords().fields.login}
                error={form.error("login")}
                name="username"
                autocomplete="username"
                plain={true}
                maxLength={254}
                value={form.values.login}
                onInput={(value) => form.set("login", value)}
              />
              <button type="submit" class="button" disabled={form.busy()}>
                {text().submit}
              </button>
            </form>
          </>
        }
      >
        {/* Takes the place of what had the focus. */}
        <p role="status" tabindex="-1" ref={(element) => queueMicrotask(() => element.focus())}>
          {text().sent}
        </p>
      </Show>
      <p class="entrance-other">
        <A href={PATHS.login}>{accountWords().login.title}</A>
      </p>
    </section>
  );
}
