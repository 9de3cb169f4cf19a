import { A } from "@solidjs/router";
import { createMemo, Show } from "solid-js";
import { LineChart } from "../charts/line-chart.tsx";
import { explain } from "../i18n/account-words.ts";
import { formatDayTime, formatNumber, formatPercent } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { channelStatisticsPath } from "../paths.ts";
import { PageSkeleton } from "../session/members-only.tsx";
import { CsvButton } from "./csv-button.tsx";
import { Figures } from "./figures.tsx";
import { useStudio } from "./own-channel.ts";
import { PlaybackQuality } from "./playback-quality.tsx";
import { Shares } from "./shares.tsx";
import { createStreamStatistics } from "./statistics.ts";

/** One broadcast: how many watched, minute by minute, and how many stayed. */
export function StreamStatistics(props: { id: number }) {
  const studio = useStudio();
  const { sums, quality, timeline, retention } = createStreamStatistics(() => props.id);
  const text = () => studioWords().statistics;
  const minute = (at: number) => `${formatNumber(at)}′`;
  const viewers = createMemo((): [number[], number[]] => {
    const items = timeline.value()?.items ?? [];
    return [items.map((item) => item.minute), items.map((item) => item.viewers)];
  });
  const shares = createMemo((): [number[], number[]] => {
    const items = retention.value()?.items ?? [];
    return [items.map((item) => item.minute), items.map((item) => item.share)];
  });

  return (
    <div class="statistics">
      <p>
        <A href={channelStatisticsPath(studio.current().slug)}>{text().back}</A>
      </p>
      <Show
        when={sums.value()}
        fallback={
          <Show when={sums.problem()} fallback={<PageSkeleton />}>
            {(problem) => <p role="alert">{explain(problem())}</p>}
          </Show>
        }
      >
        {(value) => (
          <>
            <div>
              <h2>{value().title}</h2>
              <p class="field-hint">{formatDayTime(value().startedAt ?? "1970-01-01")}</p>
            </div>
            <Figures
              figures={[
                { label: text().views, value: formatNumber(value().totalViews) },
                { label: text().unique, value: formatNumber(value().uniqueViewers) },
                { label: text().watchTime, value: formatElapsed(locale(), value().watchTime) },
                { label: text().average, value: formatElapsed(locale(), value().avgWatchTime) },
                { label: text().peak, value: formatNumber(value().peakViewers) },
              ]}
            />
            <section class="studio-section" aria-labelledby="timeline-heading">
              <div class="section-head">
                <h2 id="timeline-heading">{text().timeline}</h2>
                <CsvButton name={text().timeline} path={`/api/statistics/stream/${props.id}/timeline`} query={{}} />
              </div>
              <LineChart
                label={text().viewers}
                data={viewers()}
                time={false}
                whole={true}
                height={200}
                format={(count) => formatNumber(count)}
                axis={minute}
              />
            </section>
            <section class="studio-section" aria-labelledby="retention-heading">
              <div class="section-head">
                <h2 id="retention-heading">{text().retention}</h2>
                <CsvButton name={text().retention} path={`/api/statistics/stream/${props.id}/retention`} query={{}} />
              </div>
              <p class="field-hint">{text().retentionHint}</p>
              <LineChart
                label={text().share}
                data={shares()}
                time={false}
                most={1}
                height={200}
                format={formatPercent}
                axis={minute}
              />
            </section>
            <Show when={quality.value()}>{(sum) => <PlaybackQuality quality={sum()} />}</Show>
            <Shares devices={value().devices} referrers={value().referrers} />
          </>
        )}
      </Show>
    </div>
  );
}
