import { useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, For, Show } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { ChannelFigures } from "../studio/channel-figures.tsx";
import { DailyChart } from "../studio/daily-chart.tsx";
import { lastDays, type Range } from "../studio/days.ts";
import { useStudio } from "../studio/own-channel.ts";
import { Shares } from "../studio/shares.tsx";
import { createChannelStatistics, type TopSort } from "../studio/statistics.ts";
import { StreamStatistics } from "../studio/stream-statistics.tsx";
import { TopStreams } from "../studio/top-streams.tsx";
import { FormProblem, TextField } from "../ui/field.tsx";

const PRESETS = [7, 30, 90, 365] as const;

/** `?stream=7` shows one broadcast, else the channel. */
export function StudioStatistics() {
  const [search] = useSearchParams<{ stream?: string }>();
  const streamId = createMemo(() => (/^\d+$/.test(search.stream ?? "") ? Number(search.stream) : null));
  return (
    <Show when={streamId()} fallback={<ChannelStatistics />}>
      {(id) => <StreamStatistics id={id()} />}
    </Show>
  );
}

function ChannelStatistics() {
  const studio = useStudio();
  const [range, setRange] = createSignal<Range>(lastDays(30));
  const [preset, setPreset] = createSignal<number | null>(30);
  const [sort, setSort] = createSignal<TopSort>("views");
  const key = createMemo(() => ({ id: studio.current().id, range: range() }));
  const { sums, daily, top } = createChannelStatistics(key, sort);
  const text = () => studioWords().statistics;
  const problem = () => sums.problem() ?? daily.problem();

  return (
    <div class="statistics">
      <div class="section-head">
        <fieldset class="segments">
          <legend class="visually-hidden">{text().range}</legend>
          <For each={PRESETS}>
            {(days) => (
              <button
                type="button"
                aria-pressed={preset() === days}
                onClick={() => {
                  setPreset(days);
                  setRange(lastDays(days));
                }}
              >
                {text().days(days)}
              </button>
            )}
          </For>
          <button type="button" aria-pressed={preset() === null} onClick={() => setPreset(null)}>
            {text().custom}
          </button>
        </fieldset>
      </div>
      <Show when={preset() === null}>
        <CustomRange range={range()} onChange={setRange} />
      </Show>
      <FormProblem text={problem() === null ? undefined : explain(problem()!)} />
      <Show when={sums.value()}>{(value) => <ChannelFigures sums={value()} />}</Show>
      <Show when={daily.value()}>
        {(value) => <DailyChart items={value().items} channelId={studio.current().id} range={range()} />}
      </Show>
      <Show when={top.value()}>
        {(value) => (
          <TopStreams
            items={value().items}
            sort={sort()}
            onSort={setSort}
            channelId={studio.current().id}
            range={range()}
          />
        )}
      </Show>
      <Show when={sums.value()}>{(value) => <Shares devices={value().devices} referrers={value().referrers} />}</Show>
      <p class="field-hint" lang={locale()}>
        {text().utc}
      </p>
    </div>
  );
}

function CustomRange(props: { range: Range; onChange: (range: Range) => void }) {
  const [from, setFrom] = createSignal(props.range.from);
  const [to, setTo] = createSignal(props.range.to);
  const text = () => studioWords().statistics;
  return (
    <form
      class="custom-range"
      onSubmit={(event) => {
        event.preventDefault();
        props.onChange({ from: from(), to: to() });
      }}
    >
      <TextField label={text().from} type="date" value={from()} max={to()} onInput={setFrom} />
      <TextField label={text().to} type="date" value={to()} min={from()} onInput={setTo} />
      <button type="submit" class="button">
        {text().show}
      </button>
    </form>
  );
}
