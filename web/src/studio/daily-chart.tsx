import { createMemo, createSignal, For } from "solid-js";
import { LineChart } from "../charts/line-chart.tsx";
import { formatNumber } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { CsvButton } from "./csv-button.tsx";
import type { Range } from "./days.ts";

interface Day {
  readonly date: string;
  readonly totalViews: number;
  readonly uniqueViewers: number;
  readonly watchTime: number;
  readonly peakViewers: number;
}

const SHOWN = ["totalViews", "uniqueViewers", "watchTime", "peakViewers"] as const;
type Shown = (typeof SHOWN)[number];

export function DailyChart(props: { items: readonly Day[]; channelId: number; range: Range }) {
  const [shown, setShown] = createSignal<Shown>("totalViews");
  const text = () => studioWords().statistics;
  const names = (): Record<Shown, string> => ({
    totalViews: text().views,
    uniqueViewers: text().unique,
    watchTime: text().watchTime,
    peakViewers: text().peak,
  });
  const say = (value: number) => (shown() === "watchTime" ? formatElapsed(locale(), value) : formatNumber(value));
  const day = createMemo(() => new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: "UTC" }));
  const data = createMemo((): [number[], number[]] => [
    props.items.map(({ date }) => Date.parse(date) / 1000),
    props.items.map((item) => item[shown()]),
  ]);
  const name = (date: string) => day().format(new Date(date));

  return (
    <section class="studio-section" aria-labelledby="daily-heading">
      <div class="section-head">
        <h2 id="daily-heading">{text().daily}</h2>
        <CsvButton
          name={text().daily}
          path={`/api/statistics/channel/${props.channelId}/daily`}
          query={{ from: props.range.from, to: props.range.to }}
        />
      </div>
      <fieldset class="segments">
        <legend class="visually-hidden">{text().dailyAs}</legend>
        <For each={SHOWN}>
          {(choice) => (
            <button type="button" aria-pressed={shown() === choice} onClick={() => setShown(choice)}>
              {names()[choice]}
            </button>
          )}
        </For>
      </fieldset>
      <LineChart
        label={names()[shown()]}
        data={data()}
        kind="bars"
        whole={shown() !== "watchTime"}
        height={220}
        format={say}
        axis={(at) => day().format(at * 1000)}
      />
      <details class="as-table">
        <summary>{text().asTable}</summary>
        <div class="table-box">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{text().day}</th>
                <th scope="col" class="number">
                  {text().views}
                </th>
                <th scope="col" class="number">
                  {text().unique}
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
              <For each={props.items.toReversed()}>
                {(item) => (
                  <tr>
                    <th scope="row">{name(item.date)}</th>
                    <td class="number">{formatNumber(item.totalViews)}</td>
                    <td class="number">{formatNumber(item.uniqueViewers)}</td>
                    <td class="number">{formatElapsed(locale(), item.watchTime)}</td>
                    <td class="number">{formatNumber(item.peakViewers)}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}
