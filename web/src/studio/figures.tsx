import { For, Show } from "solid-js";

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** How it stands to the time before. */
  readonly change?: string | undefined;
}

/** Numbers that sum up a time, each with its name. */
export function Figures(props: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      <For each={props.figures}>
        {(figure) => (
          <div class="figure">
            <dt>{figure.label}</dt>
            <dd>
              <span class="figure-value">{figure.value}</span>
              <Show when={figure.change}>
                <span class="field-hint">{figure.change}</span>
              </Show>
            </dd>
          </div>
        )}
      </For>
    </dl>
  );
}
