import { useNavigate } from "@solidjs/router";
import { createSignal, For, Show } from "solid-js";
import { accountWords, explain } from "../i18n/account-words.ts";
import { formatAgo } from "../i18n/dates.ts";
import { createNow } from "../live/create-now.ts";
import { PATHS } from "../paths.ts";
import { signOut } from "../session/session.ts";
import { Confirm } from "../ui/confirm.tsx";
import { say } from "../ui/toasts.tsx";
import { deviceOf } from "./device.ts";
import { createSessions } from "./settings.ts";

export function SessionList() {
  const sessions = createSessions();
  const [asking, setAsking] = createSignal(false);
  const now = createNow(30_000);
  const navigate = useNavigate();
  const text = () => accountWords().settings;

  const device = (userAgent: string) => {
    const { browser, system } = deviceOf(userAgent);
    if (browser !== null && system !== null) return accountWords().device.on(browser, system);
    return browser ?? system ?? text().unknownDevice;
  };

  async function end(id: number): Promise<void> {
    const problem = await sessions.end(id);
    say(problem === null ? text().sessionEnded : explain(problem));
  }

  return (
    <section class="panel" aria-labelledby="settings-sessions">
      <div class="panel-head">
        <h2 id="settings-sessions">{text().sessions}</h2>
        <p>{text().sessionsLead}</p>
      </div>
      <div class="panel-body">
        <ul class="rows">
          <For each={sessions.value()?.items ?? []}>
            {(session) => (
              <li class="row">
                <div class="row-words">
                  <strong>{device(session.userAgent)}</strong>
                  <span class="field-hint">
                    {text().from(session.address)}, {text().lastUsed(formatAgo(session.lastUsedAt, now()))}
                  </span>
                </div>
                <Show when={!session.current} fallback={<span class="badge">{text().thisSession}</span>}>
                  <button
                    type="button"
                    class="button button-quiet"
                    aria-label={text().endSessionOf(device(session.userAgent))}
                    onClick={() => void end(session.id)}
                  >
                    {text().endSession}
                  </button>
                </Show>
              </li>
            )}
          </For>
        </ul>
        <button type="button" class="button button-quiet" onClick={() => setAsking(true)}>
          {text().everywhere}
        </button>
        <Confirm
          open={asking()}
          title={text().everywhere}
          text={text().everywhereConfirm}
          action={text().everywhere}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const problem = await signOut(true);
            if (problem === null) navigate(PATHS.home);
            return problem;
          }}
        />
      </div>
    </section>
  );
}
