import "../styles/forms.css";
import { A, Navigate, useSearchParams } from "@solidjs/router";
import { Show } from "solid-js";
import { createSendsMail } from "../account/mail.ts";
import { createForm } from "../forms/create-form.ts";
import { accountWords } from "../i18n/account-words.ts";
import { entrancePath, PATHS, safeNext } from "../paths.ts";
import { me, signIn } from "../session/session.ts";
import { FormProblem, PasswordField, TextField } from "../ui/field.tsx";
import { useTitle } from "../ui/use-title.ts";

export function Login() {
  const [search] = useSearchParams<{ next?: string }>();
  const text = () => accountWords();
  const sendsMail = createSendsMail();
  useTitle(() => text().login.title);
  const form = createForm({
    initial: { login: "", password: "" },
    required: ["login", "password"],
    submit: ({ login, password }) => signIn(login, password),
  });

  return (
    <Show
      when={me() === null}
      fallback={
        <Show when={me()}>
          <Navigate href={safeNext(search.next)} />
        </Show>
      }
    >
      <section class="entrance">
        <h1>{text().login.title}</h1>
        <Show when={search.next?.match(/^\/(studio|settings|new-channel|admin)/)}>
          <p class="entrance-lead">{text().login.needed}</p>
        </Show>
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().fields.login}
            error={form.error("login")}
            name="username"
            autocomplete="username"
            plain={true}
            maxLength={254}
            value={form.values.login}
            onInput={(value) => form.set("login", value)}
          />
          <PasswordField
            label={text().fields.password}
            error={form.error("password")}
            autocomplete="current-password"
            value={form.values.password}
            onInput={(value) => form.set("password", value)}
          />
          <button type="submit" class="button" disabled={form.busy()}>
            {text().login.submit}
          </button>
        </form>
        <p class="entrance-other">
          {text().login.noneYet} <A href={entrancePath("register", search.next ?? "")}>{text().login.register}</A>
        </p>
        <Show when={sendsMail() !== null}>
          <p class="entrance-other">
            <Show when={sendsMail()} fallback={text().login.noMail}>
              <A href={PATHS.forgotten}>{text().login.forgotten}</A>
            </Show>
          </p>
        </Show>
      </section>
    </Show>
  );
}
