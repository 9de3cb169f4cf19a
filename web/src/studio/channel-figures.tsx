import { formatDay, formatNumber, formatPercent } from "../i18n/dates.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { changeOf } from "./days.ts";
import { Figures } from "./figures.tsx";

interface Sums {
  readonly totalViews: number;
  readonly uniqueViewers: number;
  readonly watchTime: number;
  readonly avgWatchTime: number;
  readonly peakViewers: number;
  readonly streams: number;
  readonly liveTime: number;
}

/** The sums of a range, each with how it stands to the range before. */
export function ChannelFigures(props: { sums: Sums & { previous: Sums & { from: string; to: string } } }) {
  const text = () => studioWords().statistics;
  const change = (name: keyof Sums) => {
    const [now, before] = [props.sums[name], props.sums.previous[name]];
    const share = changeOf(now, before);
    if (share === null) return now === 0 ? undefined : text().fresh;
    if (Math.abs(share) < 0.005) return text().same;
    const percent = formatPercent(Math.abs(share));
    return share > 0 ? text().more(percent) : text().less(percent);
  };
  const time = (seconds: number) => formatElapsed(locale(), seconds);
  const figures = () => [
    { label: text().views, value: formatNumber(props.sums.totalViews), change: change("totalViews") },
    { label: text().unique, value: formatNumber(props.sums.uniqueViewers), change: change("uniqueViewers") },
    { label: text().watchTime, value: time(props.sums.watchTime), change: change("watchTime") },
    { label: text().average, value: time(props.sums.avgWatchTime), change: change("avgWatchTime") },
    { label: text().peak, value: formatNumber(props.sums.peakViewers), change: change("peakViewers") },
    { label: text().broadcasts, value: formatNumber(props.sums.streams), change: change("streams") },
    { label: text().liveTime, value: time(props.sums.liveTime), change: change("liveTime") },
  ];
  return (
    <>
      <Figures figures={figures()} />
      <p class="field-hint">{text().before(formatDay(props.sums.previous.from), formatDay(props.sums.previous.to))}</p>
    </>
  );
}
