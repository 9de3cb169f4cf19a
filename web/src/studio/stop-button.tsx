import { createSignal } from "solid-js";
import { studioWords } from "../i18n/studio-words.ts";
import type { Stream } from "../live/client.ts";
import { Confirm } from "../ui/confirm.tsx";
import { say } from "../ui/toasts.tsx";
import { stopStream } from "./stream-actions.ts";

export function StopButton(props: { stream: Stream; onStopped: () => void }) {
  const [asking, setAsking] = createSignal(false);
  const text = () => studioWords().live;
  return (
    <>
      <button type="button" class="button button-danger" onClick={() => setAsking(true)}>
        {text().stop}
      </button>
      <Confirm
        open={asking()}
        title={text().stopTitle}
        text={text().stopText}
        action={text().stop}
        danger={true}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          const problem = await stopStream(props.stream);
          if (problem === null) {
            say(text().stopped);
            props.onStopped();
          }
          return problem;
        }}
      />
    </>
  );
}
