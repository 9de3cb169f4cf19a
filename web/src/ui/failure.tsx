import { words } from "../i18n/locale.ts";
import { useTitle } from "./use-title.ts";

/** Shown in place of a page that broke. The way out is a full load: after an update of the server the old page's files are gone. */
export function Failure() {
  useTitle(() => words().failure.heading);
  return (
    <section class="notice" role="alert">
      <h1>{words().failure.heading}</h1>
      <p>{words().failure.more}</p>
      <button type="button" class="button" onClick={() => location.reload()}>
        {words().failure.retry}
      </button>
    </section>
  );
}
