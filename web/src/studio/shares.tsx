import { For, Show } from "solid-js";
import { formatNumber, formatPercent } from "../i18n/dates.ts";
import { studioWords } from "../i18n/studio-words.ts";

interface SharesProps {
  readonly devices: readonly { readonly device: string; readonly views: number }[];
  readonly referrers: readonly { readonly referrer: string | null; readonly views: number }[];
}

/** On what viewers watch, and what led them here. */
export function Shares(props: SharesProps) {
  const text = () => studioWords().statistics;
  return (
    <div class="share-lists">
      <ShareList
        title={text().devices}
        rows={props.devices.map(({ device, views }) => ({ name: text().device[device] ?? device, views }))}
      />
      <ShareList
        title={text().referrers}
        rows={props.referrers.map(({ referrer, views }) => ({ name: referrer ?? text().direct, views }))}
      />
    </div>
  );
}

function ShareList(props: { title: string; rows: readonly { readonly name: string; readonly views: number }[] }) {
  const total = () =>
    Math.max(
      1,
      props.rows.reduce((sum, { views }) => sum + views, 0),
    );
  return (
    <section class="studio-section">
      <h2>{props.title}</h2>
      <Show when={props.rows.length > 0} fallback={<p class="field-hint">{studioWords().statistics.none}</p>}>
        <ul class="share-list">
          <For each={props.rows}>
            {(row) => (
              <li>
                <span class="share-name">{row.name}</span>
                <span class="share-number">
                  {formatNumber(row.views)} ({formatPercent(row.views / total())})
                </span>
                <span class="share-bar" aria-hidden="true">
                  <span style={{ width: `${(100 * row.views) / total()}%` }} />
                </span>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </section>
  );
}
