import { A } from "@solidjs/router";
import { For, Show } from "solid-js";
import { formatDayTime, formatNumber } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { CsvButton } from "./csv-button.tsx";
import type { Range } from "./days.ts";
import { TOP_SORTS, type TopSort } from "./statistics.ts";

interface Row {
  readonly streamId: number;
  readonly title: string;
  readonly startedAt: string;
  readonly views: number;
  readonly watchTime: number;
  readonly peakViewers: number;
}

export function TopStreams(props: {
  items: readonly Row[];
  sort: TopSort;
  onSort: (sort: TopSort) => void;
  channelId: number;
  range: Range;
}) {
  const text = () => studioWords().statistics;
  const names = (): Record<TopSort, string> => ({
    views: text().views,
    watchTime: text().watchTime,
    peakViewers: text().peak,
  });
  return (
    <section class="studio-section" aria-labelledby="top-heading">
      <div class="section-head">
        <h2 id="top-heading">{text().top}</h2>
        <CsvButton
          name={text().top}
          path={`/api/statistics/channel/${props.channelId}/top-streams`}
          query={{ from: props.range.from, to: props.range.to, sort: props.sort, limit: "100" }}
        />
      </div>
      <fieldset class="segments">
        <legend class="visually-hidden">{text().sort}</legend>
        <For each={TOP_SORTS}>
          {(choice) => (
            <button type="button" aria-pressed={props.sort === choice} onClick={() => props.onSort(choice)}>
              {names()[choice]}
            </button>
          )}
        </For>
      </fieldset>
      <Show when={props.items.length > 0} fallback={<p class="field-hint">{text().none}</p>}>
        <div class="table-box">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{text().ofStream}</th>
                <th scope="col" class="number">
                  {text().views}
                </th>
                <th scope="col" class="number">
                  {text().watchTime}
                </th>
                <th scope="col" class="number">
                  {text().peak}
                </th>
              </tr>
            </thead>
            <tbody>
              <For each={props.items}>
                {(row) => (
                  <tr>
                    <th scope="row">
                      <A href={`?stream=${row.streamId}`}>{row.title}</A>
                      <span class="table-hint">{formatDayTime(row.startedAt)}</span>
                    </th>
                    <td class="number">{formatNumber(row.views)}</td>
                    <td class="number">{formatElapsed(locale(), row.watchTime)}</td>
                    <td class="number">{formatNumber(row.peakViewers)}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </Show>
    </section>
  );
}
