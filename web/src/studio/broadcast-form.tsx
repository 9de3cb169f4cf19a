import { createForm } from "../forms/create-form.ts";
import { formatElapsed } from "../i18n/elapsed.ts";
import { locale } from "../i18n/locale.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { Choices, FormProblem, Toggle } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { type ChannelSettings, saveChannel } from "./channel-actions.ts";
import { useStudio } from "./own-channel.ts";

/** Seconds; "" is all of it. */
const REWINDS = ["0", "1800", "7200", "21600", ""] as const;

/** How broadcasts of a channel are sent and kept. */
export function BroadcastForm(props: { settings: ChannelSettings }) {
  const studio = useStudio();
  const text = () => studioWords().settings;
  const now = props.settings;
  const rewind = now.dvrSeconds === null ? "" : String(now.dvrSeconds);
  const form = createForm({
    initial: {
      latency: now.latency as string,
      quality: now.quality as string,
      secondEncoder: now.secondEncoder as string,
      remuxer: now.remuxer as string,
      isRecorded: now.isRecorded as boolean,
      rewind,
    },
    async submit(values) {
      const result = await saveChannel(studio.current(), {
        settings: {
          latency: values.latency as ChannelSettings["latency"],
          quality: values.quality as ChannelSettings["quality"],
          secondEncoder: values.secondEncoder as ChannelSettings["secondEncoder"],
          remuxer: values.remuxer as ChannelSettings["remuxer"],
          isRecorded: values.isRecorded,
          dvrSeconds: values.rewind === "" ? null : Number(values.rewind),
        },
      });
      return "problem" in result ? result.problem : null;
    },
    done: () => {
      say(studioWords().saved);
      void studio.refresh();
    },
  });
  const rewindLabel = (seconds: string) => {
    if (seconds === "") return text().dvrAll;
    return seconds === "0" ? text().dvrNone : formatElapsed(locale(), Number(seconds));
  };
  // Somebody may have chosen another length by the API.
  const rewinds = [...new Set([...REWINDS, rewind])].toSorted((a, b) => Number(a || 1e9) - Number(b || 1e9));
  return (
    <section class="panel" aria-labelledby="broadcast-form">
      <div class="panel-head">
        <h2 id="broadcast-form">{text().broadcast}</h2>
        <p>
          {text().broadcastLead} {text().nextTime}
        </p>
      </div>
      <form class="form panel-body" noValidate onSubmit={form.onSubmit}>
        <FormProblem text={form.problem()} />
        <Choices
          legend={text().latency}
          value={form.values.latency}
          onChange={(value) => form.set("latency", value)}
          options={[
            { value: "ultra", label: text().ultra, hint: text().ultraHint },
            { value: "balanced", label: text().balanced, hint: text().balancedHint },
            { value: "standard", label: text().standard, hint: text().standardHint },
          ]}
        />
        <Choices
          legend={text().quality}
          value={form.values.quality}
          onChange={(value) => form.set("quality", value)}
          options={[
            { value: "source", label: text().source, hint: text().sourceHint },
            { value: "ladder", label: text().ladder, hint: text().ladderHint },
          ]}
        />
        <Choices
          legend={text().second}
          value={form.values.secondEncoder}
          onChange={(value) => form.set("secondEncoder", value)}
          options={[
            { value: "takeover", label: text().takeover, hint: text().takeoverHint },
            { value: "refuse", label: text().refuse, hint: text().refuseHint },
          ]}
        />
        <Choices
          legend={text().remuxer}
          value={form.values.remuxer}
          onChange={(value) => form.set("remuxer", value)}
          options={[
            { value: "auto", label: text().remuxerAuto, hint: text().remuxerAutoHint },
            { value: "native", label: text().native, hint: text().nativeHint },
            { value: "ffmpeg", label: text().ffmpeg, hint: text().ffmpegHint },
          ]}
        />
        <Toggle
          label={text().record}
          checked={form.values.isRecorded}
          onChange={(checked) => form.set("isRecorded", checked)}
        />
        <Choices
          legend={text().dvr}
          value={form.values.rewind}
          onChange={(value) => form.set("rewind", value)}
          options={rewinds.map((value) => ({ value, label: rewindLabel(value) }))}
        />
        <button type="submit" class="button" disabled={form.busy()}>
          {studioWords().save}
        </button>
      </form>
    </section>
  );
}
