import { Show } from "solid-js";
import { formatNumber, formatPercent } from "../i18n/dates.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { Figures } from "./figures.tsx";

interface Spread {
  readonly p50: number | null;
  readonly p95: number | null;
}

interface Quality {
  readonly reports: number;
  readonly joinTime: Spread;
  readonly latency: Spread;
  readonly stallRatio: number | null;
  readonly droppedRatio: number | null;
  readonly switches: number;
  readonly errors: number;
}

const none = "–";

/** What players said of a broadcast. */
export function PlaybackQuality(props: { quality: Quality }) {
  const text = () => studioWords().statistics;
  const seconds = (value: number | null) =>
    value === null ? none : studioWords().goLive.seconds(formatNumber(value, 1));
  const spread = ({ p50, p95 }: Spread) => (p50 === null ? none : `${seconds(p50)} · ${seconds(p95)}`);
  const share = (value: number | null) => (value === null ? none : formatPercent(value));
  return (
    <section class="studio-section" aria-labelledby="quality-heading">
      <h2 id="quality-heading">{text().quality}</h2>
      <Show when={props.quality.reports > 0} fallback={<p class="field-hint">{text().noQuality}</p>}>
        <p class="field-hint">{text().qualityHint}</p>
        <Figures
          figures={[
            { label: text().joinTime, value: spread(props.quality.joinTime) },
            { label: text().latency, value: spread(props.quality.latency) },
            { label: text().stalled, value: share(props.quality.stallRatio) },
            { label: text().dropped, value: share(props.quality.droppedRatio) },
            { label: text().switches, value: formatNumber(props.quality.switches) },
            { label: text().errors, value: formatNumber(props.quality.errors) },
          ]}
        />
      </Show>
    </section>
  );
}
