import { A } from "@solidjs/router";
import { For, Show } from "solid-js";
import { createAuditLog } from "../admin/admin-data.ts";
import { explain } from "../i18n/account-words.ts";
import { adminWords } from "../i18n/admin-words.ts";
import { formatDayTime } from "../i18n/dates.ts";
import { userPath } from "../paths.ts";
import { FormProblem } from "../ui/field.tsx";

/** Who changed what: as the API has it, since what is done is an address of it. */
export function AdminAudit() {
  const log = createAuditLog();
  const text = () => adminWords();

  return (
    <section class="studio-section first-section" aria-labelledby="audit-heading">
      <h2 id="audit-heading">{text().audit}</h2>
      <p class="field-hint">{text().auditHint}</p>
      <FormProblem text={log.problem() === null ? undefined : explain(log.problem()!)} />
      <Show when={log.items().length > 0} fallback={<p class="field-hint">{log.loaded() ? text().none : ""}</p>}>
        <ul class="rows">
          <For each={log.items()}>
            {(entry) => (
              <li class="row">
                <div class="row-words">
                  <code>
                    {entry.method} {entry.path}
                  </code>
                  <Show when={entry.fields.length > 0}>
                    <span class="field-hint">{entry.fields.join(", ")}</span>
                  </Show>
                  <span class="field-hint">
                    <A href={userPath(entry.userId)} aria-label={text().openProfile(entry.username)}>
                      {entry.username}
                    </A>
                    , {formatDayTime(entry.at)}
                    <Show when={entry.address}>{(address) => <>, {address()}</>}</Show>
                    <Show when={entry.tokenId !== null}>, {text().byProgram}</Show>
                  </span>
                </div>
              </li>
            )}
          </For>
        </ul>
        <Show when={log.hasMore()}>
          <button type="button" class="button button-quiet more-button" onClick={() => void log.showMore()}>
            {text().more}
          </button>
        </Show>
      </Show>
    </section>
  );
}
