import { createSignal, createUniqueId, For, Show } from "solid-js";
import { explain } from "../i18n/account-words.ts";
import { studioWords } from "../i18n/studio-words.ts";
import { client } from "../live/client.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";
import { CopyField } from "../ui/copy-field.tsx";
import { FormProblem } from "../ui/field.tsx";
import type { EncoderSettings } from "./obs-settings.ts";

/** PCI vendors, and the system whose OBS has the encoder: a browser knows neither. */
const MACHINES = {
  nvidia: { gpu: [{ vendor_id: 0x10de }], system: { name: "Windows" } },
  amd: { gpu: [{ vendor_id: 0x1002 }], system: { name: "Windows" } },
  intel: { gpu: [{ vendor_id: 0x8086 }], system: { name: "Windows" } },
  apple: { gpu: null, system: { name: "macOS" } },
  processor: { gpu: null, system: {} },
} as const;
type Machine = keyof typeof MACHINES;

/** What is left of the upload for sound and a bad moment. */
const PICTURES_PART = 2 / 3;

/** OBS's Enhanced Broadcasting: where it asks what to send, and the same answer to paste. `upload`: Mbit/s. */
export function SeveralPictures(props: { streamKey: string; upload: number; settings: EncoderSettings }) {
  const [machine, setMachine] = createSignal<Machine>("nvidia");
  const [made, setMade] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<Problem | null>(null);
  const id = createUniqueId();
  const text = () => studioWords().goLive.pictures;

  async function make(): Promise<void> {
    const { width, height, fps } = props.settings;
    const { gpu, system } = MACHINES[machine()];
    const outcome = await outcomeOf(
      client.api.obs["client-configuration"].post({
        schema_version: "2025-01-25",
        authentication: props.streamKey,
        capabilities: {
          cpu: { logical_cores: navigator.hardwareConcurrency },
          gpu: gpu === null ? null : [...gpu],
          system,
        },
        preferences: {
          ...{ width, height, framerate: { numerator: fps, denominator: 1 } },
          maximum_aggregate_bitrate: Math.round(props.upload * 1_000 * PICTURES_PART),
        },
      }),
    );
    setProblem(outcome.ok ? null : outcome.problem);
    setMade(outcome.ok ? JSON.stringify(outcome.value) : null);
  }

  return (
    <details class="several-pictures">
      <summary>{text().title}</summary>
      <p class="field-hint">{text().lead}</p>
      <p class="copy-label">{text().address}</p>
      <CopyField
        value={`${location.origin}/api/obs/client-configuration`}
        label={text().address}
        action={text().copyAddress}
      />
      <label for={id}>{text().encoder}</label>
      <select
        id={id}
        value={machine()}
        onChange={(event) => {
          setMachine(event.currentTarget.value as Machine);
          setMade(null);
        }}
      >
        <For each={Object.keys(MACHINES) as Machine[]}>
          {(each) => <option value={each}>{text().encoders[each]}</option>}
        </For>
      </select>
      <button type="button" class="button button-quiet" disabled={props.streamKey === ""} onClick={() => void make()}>
        {text().make}
      </button>
      <FormProblem text={problem() === null ? undefined : explain(problem()!)} />
      <Show when={made()}>
        {(json) => <CopyField value={json()} label={text().configuration} action={text().copyConfiguration} />}
      </Show>
      <p class="field-hint">{text().hint}</p>
    </details>
  );
}
