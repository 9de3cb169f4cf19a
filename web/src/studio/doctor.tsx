import { For, Match, Show, Switch } from "solid-js";
import { formatNumber } from "../i18n/dates.ts";
import { explainFinding, studioWords } from "../i18n/studio-words.ts";
import type { Health } from "./create-health.ts";

/** What is wrong with the broadcast and which setting mends it, in plain words. */
export function Doctor(props: { health: Health }) {
  const text = () => studioWords().live;
  const sample = () => props.health.sample();
  const findings = () => sample()?.problems ?? [];
  return (
    <section class="doctor" aria-labelledby="doctor-heading">
      <h2 id="doctor-heading">{text().doctor}</h2>
      <div role="status">
        <Switch>
          <Match when={props.health.silent()}>
            <p>{text().away}</p>
          </Match>
          <Match when={sample() === null}>
            <p>{text().looking}</p>
          </Match>
          <Match when={findings().length === 0}>
            <p class="doctor-fine">{text().fine}</p>
          </Match>
          <Match when={findings().length > 0}>
            <ul class="findings">
              <For each={findings()}>
                {(finding) => (
                  <li class={`finding finding-${finding.severity}`}>
                    <span class="badge">{text().severity[finding.severity]}</span>
                    <p>{explainFinding(finding).detail}</p>
                    <Show when={explainFinding(finding).fix}>{(fix) => <p class="finding-fix">{fix()}</p>}</Show>
                  </li>
                )}
              </For>
            </ul>
          </Match>
        </Switch>
      </div>
      <Show when={sample()}>
        {(last) => (
          <dl class="settings-list">
            <div>
              <dt>{text().picture}</dt>
              <dd>
                {last().width ?? "?"}×{last().height ?? "?"}
              </dd>
            </div>
            <div>
              <dt>{text().codecs}</dt>
              <dd>{[last().videoCodec, last().audioCodec].filter(Boolean).join(", ") || "?"}</dd>
            </div>
            <div>
              <dt>{text().bitrate}</dt>
              <dd>{studioWords().goLive.kbps(formatNumber(last().bitrateKbps ?? 0))}</dd>
            </div>
            <Show when={last().packaging}>
              {(packaging) => (
                <div>
                  <dt>{text().health}</dt>
                  <dd>{text().packaging[packaging().state]}</dd>
                </div>
              )}
            </Show>
            <Show when={last().packaging?.ladder}>
              {(ladder) => (
                <div>
                  <dt>{text().qualities}</dt>
                  <dd>
                    {[text().asSent, ...ladder().renditions].join(", ")}
                    <For each={ladder().dropped}>
                      {({ rendition, reason }) => <p class="field-hint">{text().dropped[reason](rendition)}</p>}
                    </For>
                  </dd>
                </div>
              )}
            </Show>
          </dl>
        )}
      </Show>
    </section>
  );
}
