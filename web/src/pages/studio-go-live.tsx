import { Show } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { formatAgo } from "../i18n/dates.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { createNow } from "../live/create-now.ts";
import { createServers, createStreamKey } from "../studio/channel-actions.ts";
import { useStudio } from "../studio/own-channel.ts";
import { PhoneCode } from "../studio/phone-code.tsx";
import { PictureSettings } from "../studio/picture-settings.tsx";
import { SecretField } from "../studio/secret-field.tsx";
import { Waiting } from "../studio/waiting.tsx";
import { CopyField } from "../ui/copy-field.tsx";
import { FormProblem } from "../ui/field.tsx";

/** The guided first broadcast, and every later one: connect, set the picture, start. */
export function GoLive() {
  const studio = useStudio();
  const servers = createServers();
  const key = createStreamKey(() => studio.current().id);
  const now = createNow(30_000);
  const text = () => studioWords().goLive;
  const streamKey = () => key.value()?.streamKey ?? null;
  const used = () => {
    const known = key.value();
    if (known === null) return "";
    if (known.lastUsedAt === null) return text().keyUnused;
    return text().keyUsed(formatAgo(known.lastUsedAt, now()), known.lastUsedFrom ?? "?");
  };

  return (
    <div class="go-live">
      <Waiting />
      <h2>{text().steps}</h2>
      <ol class="go-live-steps">
        <li>
          <h3>{text().connect}</h3>
          <p class="field-hint">{text().connectLead}</p>
          <p class="copy-label">{text().server}</p>
          <CopyField value={servers.plain()} label={text().server} action={text().copyServer} />
          <Show when={servers.secure()}>
            {(address) => (
              <>
                <p class="copy-label">{text().secureServer}</p>
                <CopyField value={address()} label={text().secureServer} action={text().copySecure} />
              </>
            )}
          </Show>
          <p class="copy-label">{text().key}</p>
          <FormProblem text={key.problem() === null ? undefined : explain(key.problem()!)} />
          <SecretField value={streamKey()} />
          <p class="field-hint">
            {text().keyWarning} {used()}
          </p>
          <PhoneCode server={servers.plain()} streamKey={streamKey() ?? ""} slug={studio.current().slug} />
        </li>
        <li>
          <h3>{text().settings}</h3>
          <PictureSettings server={servers.plain()} streamKey={streamKey() ?? ""} slug={studio.current().slug} />
        </li>
        <li>
          <h3>{text().start}</h3>
          <p class="field-hint">{text().waitingMore}</p>
        </li>
      </ol>
    </div>
  );
}
