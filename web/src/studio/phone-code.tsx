import { createMemo, createSignal, Show } from "solid-js";
import { studioWords } from "../i18n/studio-words.ts";
import { phoneLinks } from "./obs-settings.ts";
import { qrCode, qrPath } from "./qr.ts";

/** Server and key for the camera of a phone; hidden until it is asked for, as the key is. */
export function PhoneCode(props: { server: string; streamKey: string; slug: string }) {
  const [shown, setShown] = createSignal(false);
  const [app, setApp] = createSignal<"larix" | "url">("larix");
  const text = () => studioWords().goLive;
  const drawn = createMemo(() => {
    if (!shown()) return null;
    const code = qrCode(phoneLinks(props)[app()]);
    return code === null ? null : qrPath(code);
  });
  return (
    <div class="phone">
      <h3 class="phone-heading">{text().phone}</h3>
      <p class="field-hint">{text().phoneLead}</p>
      <button type="button" class="button button-quiet" aria-expanded={shown()} onClick={() => setShown(!shown())}>
        {shown() ? text().phoneHide : text().phoneShow}
      </button>
      <Show when={drawn()}>
        {(code) => (
          <>
            <fieldset class="segments">
              <legend class="visually-hidden">{text().phoneApp}</legend>
              <button type="button" aria-pressed={app() === "larix"} onClick={() => setApp("larix")}>
                {text().phoneLarix}
              </button>
              <button type="button" aria-pressed={app() === "url"} onClick={() => setApp("url")}>
                {text().phoneOther}
              </button>
            </fieldset>
            <svg
              class="qr"
              viewBox={`0 0 ${code().size} ${code().size}`}
              role="img"
              aria-label={text().qrLabel}
              shape-rendering="crispEdges"
            >
              <rect width={code().size} height={code().size} fill="#fff" />
              <path d={code().path} fill="#000" />
            </svg>
          </>
        )}
      </Show>
    </div>
  );
}
