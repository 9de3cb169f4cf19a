import { A } from "@solidjs/router";
import { words } from "../i18n/locale.ts";
import { PATHS } from "../paths.ts";
import { CarrierArt } from "../ui/carrier-art.tsx";
import { useTitle } from "../ui/use-title.ts";

export function Missing() {
  useTitle(() => words().missing.title);
  return (
    <section class="vista">
      <CarrierArt name="no-signal" live={false} />
      <div class="vista-words">
        <h1>{words().missing.heading}</h1>
        <p>{words().missing.more}</p>
        <A class="button" href={PATHS.home}>
          {words().missing.home}
        </A>
      </div>
    </section>
  );
}
