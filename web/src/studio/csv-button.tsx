import { explain } from "../i18n/account-words.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { problemFrom } from "../session/problem.ts";
import { say } from "../ui/toasts.tsx";
import { downloadCsv } from "./statistics.ts";

/** `name`: what is in the file. */
export function CsvButton(props: { name: string; path: string; query: Record<string, string> }) {
  const text = () => studioWords().statistics;
  return (
    <button
      type="button"
      class="button button-quiet"
      aria-label={text().csvOf(props.name)}
      onClick={async () => {
        if (!(await downloadCsv(props.path, props.query))) say(explain(problemFrom(null, undefined)));
      }}
    >
      {text().csv}
    </button>
  );
}
