import { createSignal, onMount, Show } from "solid-js";
import { accountWords, explain } from "../i18n/account-words.ts";
import { me } from "../session/session.ts";
import { say } from "../ui/toasts.tsx";
import { createMailNotices } from "./mail.ts";
import { type PushState, readPush, turnPushOff, turnPushOn } from "./push.ts";

/** How one is told that a followed channel is live. */
export function NoticeSettings() {
  const [state, setState] = createSignal<PushState | null>(null);
  const [busy, setBusy] = createSignal(false);
  const text = () => accountWords().notices;
  const mail = createMailNotices();
  const [mailBusy, setMailBusy] = createSignal(false);
  const look = async () => setState(await readPush().catch(() => "unsupported" as const));
  onMount(() => void look());

  async function toggle(): Promise<void> {
    setBusy(true);
    const wanted = state() !== "on";
    const problem = await (wanted ? turnPushOn() : turnPushOff());
    await look();
    setBusy(false);
    if (problem === null) say(wanted ? text().turnedOn : text().turnedOff);
    else say(problem === "declined" ? text().declined : explain(problem));
  }

  async function toggleMail(on: boolean): Promise<void> {
    setMailBusy(true);
    const problem = await mail.turn(on);
    setMailBusy(false);
    if (problem === null) say(on ? text().mailOn : text().mailOff);
    else say(explain(problem));
  }

  return (
    <section class="panel" aria-labelledby="settings-notices">
      <div class="panel-head">
        <h2 id="settings-notices">{text().title}</h2>
        <p>{text().lead}</p>
      </div>
      <div class="panel-body">
        <div class="row">
          <div class="row-words">
            <strong id="settings-push">{text().push}</strong>
            <span class="field-hint">
              {state() === "unsupported"
                ? text().unsupported
                : state() === "denied"
                  ? text().denied
                  : state() === "on"
                    ? text().on
                    : text().pushHint}
            </span>
          </div>
          <Show when={state() === "on" || state() === "off"}>
            <button
              type="button"
              class="button button-quiet"
              aria-describedby="settings-push"
              disabled={busy()}
              onClick={() => void toggle()}
            >
              {state() === "on" ? text().turnOff : text().turnOn}
            </button>
          </Show>
        </div>
        <Show when={mail.state()?.isOffered}>
          <div class="row">
            <div class="row-words">
              <strong id="settings-mail">{text().mail}</strong>
              <span class="field-hint">{text().mailHint(me()?.email ?? "")}</span>
            </div>
            <button
              type="button"
              class="button button-quiet"
              aria-describedby="settings-mail"
              disabled={mailBusy()}
              onClick={() => void toggleMail(mail.state()?.isOn !== true)}
            >
              {mail.state()?.isOn ? text().turnOff : text().turnOn}
            </button>
          </div>
        </Show>
      </div>
    </section>
  );
}
