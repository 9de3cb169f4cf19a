import "../styles/forms.css";
import { A, Navigate, useSearchParams } from "@solidjs/router";
import { Show } from "solid-js";
import { DocumentLinks } from "../account/document-links.tsx";
import { createDocumentList } from "../account/documents.ts";
import { createForm } from "../forms/create-form.ts";
import { accountWords } from "../i18n/account-words.ts";
import { entrancePath, PATHS, safeNext } from "../paths.ts";
import { me, register } from "../session/session.ts";
import { FormProblem, PasswordField, TextField, Toggle } from "../ui/field.tsx";
import { useTitle } from "../ui/use-title.ts";

/** An account is for broadcasting, unless it was asked for somewhere else. */
const afterwards = (next: string | undefined) => (next === undefined ? PATHS.newChannel : safeNext(next));

export function Register() {
  const [search] = useSearchParams<{ next?: string }>();
  const documents = createDocumentList();
  const text = () => accountWords();
  useTitle(() => text().register.title);
  const agreed = () => (documents.value()?.items ?? []).filter(({ slug }) => slug === "terms" || slug === "rules");
  const shown = () => documents.value()?.items ?? [];

  const form = createForm({
    initial: { username: "", email: "", password: "", agreed: false as boolean },
    required: ["username", "email", "password", "agreed"],
    submit: ({ username, email, password }) =>
      register({
        username,
        email,
        password,
        acceptedDocuments: agreed().map(({ slug, locale, version }) => ({ slug, locale, version })),
      }),
  });

  return (
    <Show
      when={me() === null}
      fallback={
        <Show when={me()}>
          <Navigate href={afterwards(search.next)} />
        </Show>
      }
    >
      <section class="entrance">
        <h1>{text().register.title}</h1>
        <p class="entrance-lead">{text().register.lead}</p>
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().fields.username}
            hint={text().fields.usernameHint}
            error={form.error("username")}
            name="username"
            autocomplete="username"
            plain={true}
            maxLength={50}
            value={form.values.username}
            onInput={(value) => form.set("username", value)}
          />
          <TextField
            label={text().fields.email}
            hint={text().fields.emailHint}
            error={form.error("email")}
            type="email"
            name="email"
            autocomplete="email"
            plain={true}
            maxLength={100}
            value={form.values.email}
            onInput={(value) => form.set("email", value)}
          />
          <PasswordField
            label={text().fields.password}
            hint={text().fields.passwordHint}
            error={form.error("password")}
            autocomplete="new-password"
            value={form.values.password}
            onInput={(value) => form.set("password", value)}
          />
          <div class="agreement">
            <Toggle
              label={text().register.agree}
              error={form.error("agreed") === undefined ? undefined : text().register.agreeFirst}
              checked={form.values.agreed}
              onChange={(checked) => form.set("agreed", checked)}
            />
            <DocumentLinks documents={shown()} />
          </div>
          <button type="submit" class="button" disabled={form.busy()}>
            {text().register.submit}
          </button>
        </form>
        <p class="entrance-other">
          {text().register.haveOne} <A href={entrancePath("login", search.next ?? "")}>{text().register.signIn}</A>
        </p>
      </section>
    </Show>
  );
}
