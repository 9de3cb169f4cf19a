import "../styles/forms.css";
import { A, useParams } from "@solidjs/router";
import { For, Show } from "solid-js";
import { createDocument, createDocumentList } from "../account/documents.ts";
import { accountWords, explain } from "../i18n/account-words.ts";
import { formatDay } from "../i18n/dates.ts";
import { locale } from "../i18n/locale.ts";
import { documentPath } from "../paths.ts";
import { PageSkeleton } from "../session/members-only.tsx";
import { useTitle } from "../ui/use-title.ts";

export function DocumentPage() {
  const params = useParams<{ slug: string }>();
  const document = createDocument(() => params.slug);
  const list = createDocumentList();
  const text = () => accountWords().documents;
  const missing = () => document.problem()?.code === "document.not-found";
  const current = () => (missing() ? null : document.value());
  useTitle(() => current()?.title ?? (missing() ? text().missing : ""));

  return (
    <div class="document">
      <Show when={current()} fallback={<NotThere />}>
        {(found) => (
          <article lang={found().locale}>
            <Show when={found().locale !== locale()}>
              <p class="field-hint" lang={locale()}>
                {text().otherLanguage}
              </p>
            </Show>
            <h1 class="document-title">{found().title}</h1>
            {/* The API draws it from Markdown and leaves nothing in it that could act. */}
            <div class="prose" innerHTML={found().html} />
            <p class="field-hint" lang={locale()}>
              {text().updated(formatDay(found().updatedAt))}
            </p>
          </article>
        )}
      </Show>
      <nav aria-labelledby="documents-heading">
        <h2 class="document-list" id="documents-heading">
          {missing() ? text().missingMore : text().all}
        </h2>
        <ul>
          <For each={list.value()?.items ?? []}>
            {(entry) => (
              <li>
                <A href={documentPath(entry.slug)}>{entry.title}</A>
              </li>
            )}
          </For>
        </ul>
      </nav>
    </div>
  );

  function NotThere() {
    return (
      <Show when={document.problem()} fallback={<PageSkeleton />}>
        {(problem) => (
          <section class="notice">
            <h1>{missing() ? text().missing : explain(problem())}</h1>
          </section>
        )}
      </Show>
    );
  }
}
