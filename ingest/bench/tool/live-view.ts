/** What a person sees while a bench runs: one line that is drawn again on a terminal, a line per second where it is piped. */
import { figure } from "../cli/report.ts";
import type { ColumnTable, Row } from "./outcome.ts";
import type { SessionView } from "./session.ts";

export interface LiveView {
  row(row: Row, view: SessionView): void;
  end(): void;
}

export interface LiveViewOptions {
  readonly columns: ColumnTable;
  readonly headline: readonly string[];
  readonly isQuiet: boolean;
  readonly out?: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
}

const BARS = "▁▂▃▄▅▆▇█";
const SPARK_WIDTH = 24;
/** Where nobody watches, lines come more seldom after the first minute. */
const PLAIN_EVERY = 10;

export function sparkline(values: readonly number[]): string {
  const known = values.filter(Number.isFinite);
  const most = Math.max(...known, 0);
  return values
    .map((value) =>
      Number.isFinite(value) && most > 0 ? BARS[Math.min(7, Math.floor((value / most) * 7.99))]! : BARS[0]!,
    )
    .join("");
}

/** `1:05`, `12 s`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function makeLiveView({ columns, headline, isQuiet, out = process.stderr }: LiveViewOptions): LiveView {
  const history: number[] = [];
  const isTerminal = out.isTTY === true;
  let seconds = 0;
  let isDrawn = false;
  const shown = (row: Row): string =>
    headline
      .flatMap((name) => {
        const { title, unit } = columns[name]!;
        const value = row[name];
        if (value === undefined || !Number.isFinite(value)) return [];
        const text = Number.isInteger(value) ? String(value) : figure(value);
        return [`${title} ${text}${unit === "" ? "" : ` ${unit}`}`];
      })
      .join("  ");
  return {
    row(row, { phase, startedAt }) {
      if (isQuiet) return;
      seconds++;
      history.push(row[headline[0]!] ?? Number.NaN);
      if (history.length > SPARK_WIDTH) history.shift();
      const now = performance.now();
      const left = phase.seconds === null ? "" : `  ${clock(phase.seconds - (now - phase.since) / 1_000)} left`;
      if (!isTerminal) {
        if (seconds > 60 && seconds % PLAIN_EVERY !== 0) return;
        out.write(`${clock((now - startedAt) / 1_000)}  ${phase.text}  ${shown(row)}${left}\n`);
        return;
      }
      const line = `${phase.text}  ${sparkline(history)}  ${shown(row)}${left}`;
      out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 120) - 1)}`);
      isDrawn = true;
    },
    end() {
      if (isDrawn) out.write("\r\x1b[2K");
    },
  };
}
