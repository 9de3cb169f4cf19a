import { For } from "solid-js";
import { documentPath } from "../paths.ts";

/** Documents to read before going on, in a tab of their own: a half-filled form must not be lost. */
export function DocumentLinks(props: { documents: readonly { readonly slug: string; readonly title: string }[] }) {
  return (
    <ul class="document-links">
      <For each={props.documents}>
        {(document) => (
          <li>
            <a href={documentPath(document.slug)} target="_blank" rel="noopener">
              {document.title}
            </a>
          </li>
        )}
      </For>
    </ul>
  );
}
