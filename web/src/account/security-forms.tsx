import { createForm } from "../forms/create-form.ts";
import { accountWords } from "../i18n/account-words.ts";
import type { Me } from "../session/session.ts";
import { FormProblem, PasswordField, TextField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { saveEmail, savePassword } from "./settings.ts";

/** A wrong password is a refusal of the whole to the server, and of one field to the reader. */
const atField = <P extends { code: string; fields: readonly { field: string; message: string }[] } | null>(
  problem: P,
  field: string,
): P => (problem?.code === "auth.password" ? { ...problem, fields: [{ field, message: "" }] } : problem);

export function EmailForm(props: { me: Me }) {
  const text = () => accountWords();
  const form = createForm({
    initial: { email: "", password: "" },
    required: ["email", "password"],
    submit: async ({ email, password }) => atField(await saveEmail(email, password), "password"),
    done: () => {
      form.reset({ email: "", password: "" });
      say(text().settings.emailChanged);
    },
  });
  return (
    <section class="panel" aria-labelledby="settings-email">
      <div class="panel-head">
        <h2 id="settings-email">{text().settings.email}</h2>
        <p>{text().settings.emailLead(props.me.email)}</p>
      </div>
      <form class="form panel-body" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        <TextField
          label={text().fields.email}
          hint={text().fields.emailHint}
          error={form.error("email")}
          type="email"
          autocomplete="email"
          plain={true}
          maxLength={100}
          value={form.values.email}
          onInput={(value) => form.set("email", value)}
        />
        <PasswordField
          label={text().fields.currentPassword}
          error={form.error("password")}
          autocomplete="current-password"
          value={form.values.password}
          onInput={(value) => form.set("password", value)}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {text().settings.changeEmail}
        </button>
      </form>
    </section>
  );
}

export function PasswordForm(props: { me: Me }) {
  const text = () => accountWords();
  const form = createForm({
    initial: { currentPassword: "", newPassword: "" },
    required: ["currentPassword", "newPassword"],
    submit: async ({ currentPassword, newPassword }) =>
      atField(await savePassword(currentPassword, newPassword), "currentPassword"),
    done: () => {
      form.reset({ currentPassword: "", newPassword: "" });
      say(text().settings.passwordChanged);
    },
  });
  return (
    <section class="panel" aria-labelledby="settings-password">
      <div class="panel-head">
        <h2 id="settings-password">{text().settings.password}</h2>
        <p>{text().settings.passwordLead}</p>
      </div>
      <form class="form panel-body" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        {/* For password managers: whose password this is. */}
        <input type="text" hidden autocomplete="username" value={props.me.username} readOnly />
        <PasswordField
          label={text().fields.currentPassword}
          error={form.error("currentPassword")}
          autocomplete="current-password"
          value={form.values.currentPassword}
          onInput={(value) => form.set("currentPassword", value)}
        />
        <PasswordField
          label={text().fields.newPassword}
          hint={text().fields.passwordHint}
          error={form.error("newPassword")}
          autocomplete="new-password"
          value={form.values.newPassword}
          onInput={(value) => form.set("newPassword", value)}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {text().settings.changePassword}
        </button>
      </form>
    </section>
  );
}
