import { keptFormat } from "./formats.ts";

function part(locale: string, value: number, unit: "second" | "minute" | "hour" | "day"): string {
  const make = () => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" });
  return keptFormat(`${unit} ${locale}`, make).format(value);
}

/** Two units at most, and no seconds after the first minute: a label that changes every second is noise. */
export function formatElapsed(locale: string, seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return part(locale, whole, "second");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return part(locale, minutes, "minute");
  const hours = Math.floor(minutes / 60);
  const [major, minor] =
    hours < 24
      ? [part(locale, hours, "hour"), minutes % 60 === 0 ? "" : part(locale, minutes % 60, "minute")]
      : [part(locale, Math.floor(hours / 24), "day"), hours % 24 === 0 ? "" : part(locale, hours % 24, "hour")];
  return minor === "" ? major : `${major} ${minor}`;
}
