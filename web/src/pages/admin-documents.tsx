import { A, useParams } from "@solidjs/router";
import { createEffect, createSignal, For, on, onCleanup, Show } from "solid-js";
import { createDocumentList } from "../account/documents.ts";
import { createDocumentText, previewDocument, saveDocument } from "../admin/admin-data.ts";
import { createForm } from "../forms/create-form.ts";
import { explain } from "../i18n/account-words.ts";
import { adminWords } from "../i18n/admin-words.ts";
import { formatDay } from "../i18n/dates.ts";
import { dictionaries, LOCALES, type Locale, locale } from "../i18n/locale.ts";
import { adminDocumentPath, PATHS } from "../paths.ts";
import { PageSkeleton } from "../session/members-only.tsx";
import { FormProblem, TextArea, TextField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";

export function AdminDocuments() {
  const list = createDocumentList();
  const text = () => adminWords();
  return (
    <section class="studio-section first-section" aria-labelledby="documents-heading">
      <h2 id="documents-heading">{text().documents}</h2>
      <ul class="rows">
        <For each={list.value()?.items ?? []}>
          {(document) => (
            <li class="row">
              <div class="row-words">
                <strong>{document.title}</strong>
                <span class="field-hint">
                  {text().version(document.version)}, {formatDay(document.updatedAt)},{" "}
                  {document.locales.join(", ").toUpperCase()}
                </span>
              </div>
              <A
                class="button button-quiet"
                href={adminDocumentPath(document.slug)}
                aria-label={text().editOf(document.title)}
              >
                {text().edit}
              </A>
            </li>
          )}
        </For>
      </ul>
    </section>
  );
}

const PREVIEW_PAUSE_MS = 500;

export function AdminDocument() {
  const params = useParams<{ slug: string }>();
  const [language, setLanguage] = createSignal<Locale>(locale());
  const document = createDocumentText(() => ({ slug: params.slug, language: language() }));
  const text = () => adminWords();
  return (
    <section class="studio-section first-section">
      <p>
        <A href={PATHS.adminDocuments}>{text().back}</A>
      </p>
      <fieldset class="segments language-choice">
        <legend class="visually-hidden">{text().language}</legend>
        <For each={LOCALES}>
          {(choice) => (
            <button
              type="button"
              lang={choice}
              aria-pressed={language() === choice}
              onClick={() => setLanguage(choice)}
            >
              {dictionaries[choice].name}
            </button>
          )}
        </For>
      </fieldset>
      <Show
        when={document.value()}
        keyed={true}
        fallback={
          <Show when={document.problem()} fallback={<PageSkeleton />}>
            {(problem) => <p role="alert">{explain(problem())}</p>}
          </Show>
        }
      >
        {(found) => (
          <Editor
            slug={found.slug}
            language={language()}
            title={found.title}
            // A document that is not there in this language begins with the words of another.
            body={found.body}
            version={found.locale === language() ? found.version : 0}
            onSaved={() => void document.reload()}
          />
        )}
      </Show>
    </section>
  );
}

function Editor(props: {
  slug: string;
  language: string;
  title: string;
  body: string;
  version: number;
  onSaved: () => void;
}) {
  const [html, setHtml] = createSignal("");
  const text = () => adminWords();
  const form = createForm({
    initial: { title: props.title, body: props.body },
    required: ["title", "body"],
    submit: ({ title, body }) => saveDocument(props.slug, props.language, { title, body, basedOn: props.version }),
    done: () => {
      say(text().saved);
      props.onSaved();
    },
  });
  createEffect(
    on(
      () => form.values.body,
      (body) => {
        let current = true;
        const timer = setTimeout(async () => {
          const drawn = await previewDocument(body);
          if (current && drawn !== null) setHtml(drawn);
        }, PREVIEW_PAUSE_MS);
        onCleanup(() => {
          current = false;
          clearTimeout(timer);
        });
      },
    ),
  );
  return (
    <div class="editor">
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        <TextField
          label={text().documentTitle}
          error={form.error("title")}
          maxLength={200}
          value={form.values.title}
          onInput={(value) => form.set("title", value)}
        />
        <TextArea
          label={text().text}
          error={form.error("body")}
          rows={24}
          value={form.values.body}
          onInput={(value) => form.set("body", value)}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {text().save}
        </button>
      </form>
      <section class="editor-preview" aria-label={text().preview} tabindex="0">
        <p class="field-hint">{text().preview}</p>
        {/* The API draws it from Markdown and leaves nothing in it that could act. */}
        <div class="prose" lang={props.language} innerHTML={html()} />
      </section>
    </div>
  );
}
