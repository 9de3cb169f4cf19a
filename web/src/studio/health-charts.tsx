import { createMemo, createSignal, For } from "solid-js";
import { LineChart } from "../charts/line-chart.tsx";
import { formatNumber } from "../i18n/dates.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { type Health, ROW } from "./create-health.ts";
import { useStudio } from "./own-channel.ts";

/** Minutes; null: since the beginning. */
const RANGES = [5, 30, 120, null] as const;

/** Bitrate, pictures, keyframes and viewers, side by side over the same time. */
export function HealthCharts(props: { health: Health; startedAt: string | null }) {
  const studio = useStudio();
  const [range, setRange] = createSignal<(typeof RANGES)[number]>(5);
  const text = () => studioWords().live;
  const from = () => {
    const minutes = range();
    return minutes === null ? 0 : Math.floor(Date.now() / 1000) - minutes * 60;
  };
  const rows = createMemo(() => props.health.rows(from()));
  const clockOf = (style: "short" | "medium") =>
    createMemo(() => new Intl.DateTimeFormat(locale(), { timeStyle: style, hourCycle: "h23" }));
  const clock = clockOf("short");
  const second = clockOf("medium");
  /** Whole minutes say nothing on an axis that is short itself. */
  const axis = (line: readonly number[]) => ((line.at(-1) ?? 0) - (line[0] ?? 0) < 360 ? second() : clock());
  const at = (format: Intl.DateTimeFormat) => (seconds: number) => format.format(seconds * 1000);
  const sample = () => props.health.sample();
  const seconds = (value: number) => studioWords().goLive.seconds(formatNumber(value, 1));
  const kbps = (value: number) => studioWords().goLive.kbps(formatNumber(value));

  const charts = () => [
    {
      row: ROW.bitrate,
      label: text().bitrate,
      format: (value: number) => formatNumber(value),
      summary: text().now(kbps(sample()?.bitrateKbps ?? 0)),
    },
    {
      row: ROW.fps,
      label: text().fps,
      format: (value: number) => formatNumber(value, 1),
      summary: text().now(formatNumber(sample()?.fps ?? 0, 1)),
    },
    {
      row: ROW.keyframe,
      label: text().keyframes,
      format: (value: number) => seconds(value),
      summary: text().now(seconds(sample()?.keyframeIntervalSeconds ?? 0)),
    },
    {
      row: ROW.viewers,
      label: text().audience,
      format: (value: number) => formatNumber(value),
      summary: text().viewers(studio.viewers()),
    },
  ];

  return (
    <section class="health" aria-labelledby="health-heading">
      <div class="section-head">
        <h2 id="health-heading">{text().health}</h2>
        <fieldset class="segments">
          <legend class="visually-hidden">{text().range}</legend>
          <For each={RANGES}>
            {(minutes) => (
              <button type="button" aria-pressed={range() === minutes} onClick={() => setRange(minutes)}>
                {minutes === null ? text().all : text().minutes(minutes)}
              </button>
            )}
          </For>
        </fieldset>
      </div>
      <div class="charts">
        {/* By place: each is made once and only its data changes. */}
        {[0, 1, 2, 3].map((index) => {
          const chart = () => charts()[index] ?? charts()[0]!;
          const line = createMemo((): [number[], (number | null)[]] => [rows()[0], rows()[chart().row + 1] ?? []]);
          return (
            <LineChart
              label={chart().label}
              summary={chart().summary}
              data={line()}
              whole={chart().row === ROW.viewers}
              format={(value) => chart().format(value)}
              axis={(when) => at(axis(line()[0]))(when)}
              moment={(when) => at(second())(when)}
              live={true}
            />
          );
        })}
      </div>
    </section>
  );
}
