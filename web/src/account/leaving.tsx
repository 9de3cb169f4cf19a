import { useNavigate } from "@solidjs/router";
import { createSignal } from "solid-js";
import { accountWords } from "../i18n/account-words.ts";
import { PATHS } from "../paths.ts";
import { forgetMe, type Me } from "../session/session.ts";
import { Confirm } from "../ui/confirm.tsx";
import { PasswordField, TextField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { deactivate, deleteAccount } from "./settings.ts";

/** The two ways to go, with what they mean said before. */
export function Leaving(props: { me: Me }) {
  const [way, setWay] = createSignal<"rest" | "delete" | null>(null);
  const [password, setPassword] = createSignal("");
  const [name, setName] = createSignal("");
  const navigate = useNavigate();
  const text = () => accountWords();

  function close(): void {
    setWay(null);
    setPassword("");
    setName("");
  }

  function gone(sentence: string): null {
    close();
    navigate(PATHS.home);
    forgetMe();
    say(sentence);
    return null;
  }

  const passwordField = () => (
    <PasswordField
      label={text().fields.currentPassword}
      autocomplete="current-password"
      value={password()}
      onInput={setPassword}
    />
  );

  return (
    <section class="panel" aria-labelledby="settings-leaving">
      <div class="panel-head">
        <h2 id="settings-leaving">{text().settings.danger}</h2>
      </div>
      <div class="panel-body">
        <ul class="rows">
          <li class="row">
            <div class="row-words">
              <strong>{text().settings.deactivate}</strong>
              <span class="field-hint">{text().settings.deactivateLead}</span>
            </div>
            <button type="button" class="button button-quiet" onClick={() => setWay("rest")}>
              {text().settings.deactivate}
            </button>
          </li>
          <li class="row">
            <div class="row-words">
              <strong>{text().settings.delete}</strong>
              <span class="field-hint">{text().settings.deleteLead}</span>
            </div>
            <button type="button" class="button button-danger" onClick={() => setWay("delete")}>
              {text().settings.delete}
            </button>
          </li>
        </ul>
        <Confirm
          open={way() === "rest"}
          title={text().settings.deactivate}
          text={text().settings.deactivateConfirm}
          action={text().settings.deactivate}
          danger={true}
          ready={password() !== ""}
          onClose={close}
          onConfirm={async () => (await deactivate(props.me, password())) ?? gone(text().settings.resting)}
        >
          {passwordField()}
        </Confirm>
        <Confirm
          open={way() === "delete"}
          title={text().settings.delete}
          text={text().settings.deleteConfirm}
          action={text().settings.delete}
          danger={true}
          ready={password() !== "" && name() === props.me.username}
          onClose={close}
          onConfirm={async () => (await deleteAccount(props.me, password())) ?? gone(text().settings.gone)}
        >
          <TextField
            label={text().settings.deleteWord(props.me.username)}
            plain={true}
            value={name()}
            onInput={setName}
          />
          {passwordField()}
        </Confirm>
      </div>
    </section>
  );
}
