import { createResource } from "solid-js";
import { words } from "../i18n/locale.ts";
import { client } from "../live/client.ts";
import { PATHS } from "../paths.ts";
import { CopyField } from "./copy-field.tsx";

/** Where an encoder connects: the host that the reader sees, with the port only where it is not RTMP's own. */
export function rtmpServer(hostname: string, port: number, app: string): string {
  return `rtmp://${hostname}:${port}/${app}`;
}

/** How a streamer goes live, in three steps. */
export function GoLiveGuide() {
  const [site] = createResource(async () => (await client.api.site.get()).data);
  const server = () => {
    const ingest = site.latest?.ingest;
    return rtmpServer(location.hostname, ingest?.rtmpPort ?? 1935, ingest?.app ?? "live");
  };
  return (
    <section class="guide" aria-labelledby="guide-heading">
      <div class="guide-lead">
        <h2 id="guide-heading">{words().guide.heading}</h2>
        <p>{words().guide.lead}</p>
      </div>
      <ol class="guide-steps">
        <li>
          <h3>{words().guide.server}</h3>
          <p>{words().guide.serverHelp}</p>
          <CopyField value={server()} label={words().guide.server} action={words().guide.copyServer} />
        </li>
        <li>
          <h3>{words().guide.key}</h3>
          <p>{words().guide.keyHelp}</p>
          <a class="button button-quiet guide-button" href={PATHS.newChannel}>
            {words().guide.create}
          </a>
        </li>
        <li>
          <h3>{words().guide.start}</h3>
          <p>{words().guide.startHelp}</p>
        </li>
      </ol>
    </section>
  );
}
