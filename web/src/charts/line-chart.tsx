/** A line (or bars) over time. uPlot draws on a canvas; those who don't see it get the same in words. */
import "uplot/dist/uPlot.min.css";
import { createEffect, createSignal, on, onCleanup, onMount, Show } from "solid-js";
import uPlot from "uplot";
import { locale } from "../i18n/locale.ts";
import { theme } from "../ui/theme.ts";

export interface LineChartProps {
  readonly label: string;
  /** What the last value is called, such as "now 2,510 kbit/s". */
  readonly summary?: string;
  readonly data: [number[], (number | null)[]];
  readonly format: (value: number) => string;
  /** How a place on the horizontal axis is named. */
  readonly axis: (at: number) => string;
  /** In the readout, where there is more room. */
  readonly moment?: (at: number) => string;
  readonly kind?: "line" | "bars";
  /** Live charts alone are in the colour of what is live. */
  readonly live?: boolean;
  readonly height?: number;
  /** Seconds on the axis, or numbers of any kind. */
  readonly time?: boolean;
  /** Counts of people have no halves. */
  readonly whole?: boolean;
  /** Upper end of the values where nature has one, such as 1 for shares. */
  readonly most?: number;
}

const cssColour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A custom property may hold light-dark(): only an element says which it is. */
function makePalette(element: HTMLElement) {
  const probe = document.createElement("span");
  element.append(probe);
  return {
    of(name: string): string {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color || cssColour(name);
    },
    remove: () => probe.remove(),
  };
}

function alpha(colour: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${share * 100}%, transparent)`;
}

const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
const AXIS_FONT = "12px Onest, system-ui, sans-serif";

export function LineChart(props: LineChartProps) {
  const [hovered, setHovered] = createSignal<string>();
  let box: HTMLDivElement | undefined;

  onMount(() => {
    if (box === undefined) return;
    const holder = box;
    const palette = makePalette(holder);
    const line = () => palette.of(props.live ? "--signal" : "--ink");
    const height = props.height ?? 160;
    const bars = props.kind === "bars";
    const chart = new uPlot(
      {
        width: Math.max(120, holder.clientWidth),
        height,
        padding: [8, 26, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: {
          x: {
            time: props.time ?? true,
            range: ({ data: [at] }, least, most) => {
              // Whole bars, and an axis also where there is a single point.
              const half = bars ? ((at[1] ?? 2) - (at[0] ?? 0)) / 2 : 0;
              return [(least ?? 0) - half, Math.max(most ?? 0, (least ?? 0) + (bars ? 0 : 1)) + half];
            },
          },
          y: { range: (_chart, _least, most) => [0, props.most ?? Math.max(props.whole ? 4 : 1, (most ?? 0) * 1.1)] },
        },
        axes: [
          {
            stroke: () => palette.of("--ink-soft"),
            font: AXIS_FONT,
            grid: { show: false },
            ticks: { show: false },
            space: 72,
            size: 28,
            values: (_chart, splits) => splits.map((at) => props.axis(at)),
          },
          {
            stroke: () => palette.of("--ink-soft"),
            font: AXIS_FONT,
            grid: { stroke: () => palette.of("--line"), width: 1 },
            ticks: { show: false },
            space: 36,
            ...(props.whole ? { incrs: WHOLE_STEPS } : {}),
            size: (_chart, values) => 18 + 7 * Math.max(3, ...(values ?? []).map((value) => value.length)),
            values: (_chart, splits) => splits.map((value) => props.format(value)),
          },
        ],
        series: [
          {},
          {
            stroke: line,
            width: bars ? 0 : 1.75,
            fill: () => (bars ? line() : alpha(line(), 0.12)),
            points: { show: ({ data: [at] }) => !bars && at.length < 3 },
            spanGaps: false,
            ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 48], radius: 0.15 }) } : {}),
          },
        ],
        hooks: {
          setCursor: [
            ({ cursor: { idx }, data: [at, values] }) => {
              const [x, y] = [idx == null ? undefined : at[idx], idx == null ? undefined : values?.[idx]];
              setHovered(
                x === undefined || y === undefined || y === null
                  ? undefined
                  : `${(props.moment ?? props.axis)(x)}: ${props.format(y)}`,
              );
            },
          ],
        },
      },
      props.data,
      holder,
    );
    let frame = 0;
    const redraw = (task: () => void) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(task);
    };
    const observer = new ResizeObserver(() => {
      const width = Math.max(120, holder.clientWidth);
      if (width !== chart.width) chart.setSize({ width, height });
    });
    observer.observe(holder);
    createEffect(
      on(
        () => props.data,
        (data) => redraw(() => chart.setData(data)),
        { defer: true },
      ),
    );
    // Axis texts are measured and coloured anew with the next frame, when the theme's colours are there.
    createEffect(on([theme, locale], () => redraw(() => chart.redraw(false, true)), { defer: true }));
    onCleanup(() => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      palette.remove();
      chart.destroy();
    });
  });

  return (
    <figure class="chart">
      <figcaption>
        <strong>{props.label}</strong>
        <span class="chart-value">{hovered() ?? props.summary}</span>
      </figcaption>
      <div class="chart-canvas" ref={box} style={{ height: `${props.height ?? 160}px` }} aria-hidden="true" />
      <Show when={props.summary === undefined}>
        <p class="visually-hidden">{describe(props)}</p>
      </Show>
    </figure>
  );
}

/** Least, most and last, for those who don't see the line. */
function describe({ data: [, values], format }: LineChartProps): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  return last === undefined ? "" : `${format(Math.min(...known))} – ${format(Math.max(...known))}, ${format(last)}`;
}
