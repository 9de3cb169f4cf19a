import { words } from "../i18n/locale.ts";
import { useTitle } from "./use-title.ts";

/** Shown in place of a page that broke. After an update the old page's files may be gone, and then only a reload helps. */
export function Failure(props: { retry: () => void }) {
  useTitle(() => words().failure.heading);
  let tried = false;
  function retry(): void {
    if (tried) location.reload();
    tried = true;
    props.retry();
  }
  return (
    <section class="notice" role="alert">
      <h1>{words().failure.heading}</h1>
      <p>{words().failure.more}</p>
      <button type="button" class="button" onClick={retry}>
        {words().failure.retry}
      </button>
    </section>
  );
}
