import { createSignal, Show } from "solid-js";
import { accountWords, explain } from "../i18n/account-words.ts";
import { locale } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { outcomeOf } from "../session/problem.ts";
import { loadMe, me } from "../session/session.ts";
import { FormProblem } from "../ui/field.tsx";
import { DocumentLinks } from "./document-links.tsx";

/** Above every page, until the new versions are agreed to. It does not lock anybody out: there is time to read. */
export function PendingDocuments() {
  const [problem, setProblem] = createSignal<string>();
  const [hidden, setHidden] = createSignal(false);
  const pending = () => me()?.pendingDocuments ?? [];

  async function agree(): Promise<void> {
    const documents = pending().map(({ slug, locale: language, version }) => ({ slug, locale: language, version }));
    const outcome = await outcomeOf(
      client.api.documents.acceptances.post({ documents }, { query: { locale: locale() } }),
    );
    setProblem(outcome.ok ? undefined : explain(outcome.problem));
    await loadMe();
  }

  return (
    <Show when={!hidden()}>
      <section class="pending" aria-labelledby="pending-heading">
        <div>
          <h2 id="pending-heading">{accountWords().pending.heading}</h2>
          <p>{accountWords().pending.lead}</p>
          <DocumentLinks documents={pending()} />
          <FormProblem text={problem()} />
        </div>
        <div class="actions">
          <button type="button" class="button" onClick={() => void agree()}>
            {accountWords().pending.agree}
          </button>
          <button type="button" class="button button-quiet" onClick={() => setHidden(true)}>
            {accountWords().pending.later}
          </button>
        </div>
      </section>
    </Show>
  );
}
