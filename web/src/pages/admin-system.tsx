import { createSignal, For, onCleanup, Show } from "solid-js";
import { askReady, askUptime } from "../admin/admin-data.ts";
import { explain } from "../i18n/account-words.ts";
import { adminWords } from "../i18n/admin-words.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { problemFrom } from "../session/problem.ts";

const EVERY_MS = 5_000;

export function AdminSystem() {
  const [ready, setReady] = createSignal<Awaited<ReturnType<typeof askReady>>>();
  const [uptime, setUptime] = createSignal<number | null>(null);
  const ask = async () => {
    const [parts, seconds] = await Promise.all([askReady(), askUptime()]);
    setReady(parts);
    setUptime(seconds);
  };
  void ask();
  const timer = setInterval(() => {
    if (!document.hidden) void ask();
  }, EVERY_MS);
  onCleanup(() => clearInterval(timer));
  const text = () => adminWords();

  return (
    <section class="studio-section first-section" aria-labelledby="system-heading">
      <Show when={ready() !== undefined} fallback={<h2 id="system-heading">{text().system}</h2>}>
        <h2 id="system-heading" aria-live="polite">
          {ready() === null
            ? explain(problemFrom(null, undefined))
            : ready()?.status === "ready"
              ? text().ready
              : text().unready}
        </h2>
        <dl class="settings-list">
          <For each={Object.entries(ready()?.checks ?? {})}>
            {([name, check]) => (
              <div>
                <dt>{text().parts[name] ?? name}</dt>
                <dd>
                  {check.ok ? text().ok : text().away}, {text().took(check.milliseconds)}
                </dd>
              </div>
            )}
          </For>
        </dl>
        <p class="field-hint">
          <Show when={uptime()}>{(seconds) => text().uptime(formatElapsed(locale(), seconds()))}</Show> {text().checked}
        </p>
      </Show>
    </section>
  );
}
