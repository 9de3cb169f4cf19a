import "../styles/forms.css";
import { A, useNavigate } from "@solidjs/router";
import { onMount, Show } from "solid-js";
import { resetPassword } from "../account/mail.ts";
import { createForm } from "../forms/create-form.ts";
import { accountWords } from "../i18n/account-words.ts";
import { PATHS } from "../paths.ts";
import { loadMe } from "../session/session.ts";
import { FormProblem, PasswordField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { useTitle } from "../ui/use-title.ts";

/** Sets another password by the link of a letter. */
export function Reset() {
  const text = () => accountWords().reset;
  const navigate = useNavigate();
  useTitle(() => text().title);
  const token = location.hash.slice(1);
  // Nobody who looks at the address bar or the history later needs it.
  onMount(() => history.replaceState(history.state, "", location.pathname));
  const form = createForm({
    initial: { password: "" },
    required: ["password"],
    submit: ({ password }) => resetPassword(token, password),
    done: () => {
      say(text().done);
      // Whoever was signed in here is no longer.
      void loadMe().then(() => navigate(PATHS.login));
    },
  });

  return (
    <section class="entrance">
      <h1>{text().title}</h1>
      <Show when={token !== ""} fallback={<p class="entrance-lead">{text().noToken}</p>}>
        <p class="entrance-lead">{text().lead}</p>
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <PasswordField
            label={accountWords().fields.newPassword}
            hint={accountWords().fields.passwordHint}
            error={form.error("password")}
            autocomplete="new-password"
            value={form.values.password}
            onInput={(value) => form.set("password", value)}
          />
          <button type="submit" class="button" disabled={form.busy()}>
            {text().submit}
          </button>
        </form>
      </Show>
      <p class="entrance-other">
        <A href={PATHS.forgotten}>{text().another}</A>
      </p>
    </section>
  );
}
