import { createEffect, createSignal, on, onCleanup } from "solid-js";
import { studioWords } from "../i18n/studio-words.ts";
import { watchPath } from "../paths.ts";
import { Choices, TextField } from "../ui/field.tsx";
import { isFree, type Visibility } from "./channel-actions.ts";
import { isSlug } from "./slug.ts";

const PAUSE_MS = 350;

/** A public name, looked up while it is typed. `own`: the present one, which is always free. */
export function SlugField(props: {
  value: string;
  own?: string;
  hint: string;
  error?: string | undefined;
  onInput: (value: string) => void;
}) {
  const [free, setFree] = createSignal<boolean | null>(null);
  const text = () => studioWords().create;
  createEffect(
    on(
      () => props.value,
      (slug) => {
        setFree(null);
        if (!isSlug(slug) || slug === props.own) return;
        let current = true;
        const timer = setTimeout(async () => {
          const answer = await isFree(slug);
          if (current) setFree(answer);
        }, PAUSE_MS);
        onCleanup(() => {
          current = false;
          clearTimeout(timer);
        });
      },
    ),
  );
  const wrong = () => {
    if (props.error !== undefined) return props.error;
    if (props.value !== "" && !isSlug(props.value)) return text().slugWrong;
    return free() === false ? text().slugTaken : undefined;
  };
  return (
    <div class="slug-field">
      <TextField
        label={text().slug}
        hint={props.hint}
        error={wrong()}
        plain={true}
        maxLength={64}
        prefix={`${location.host}${watchPath("")}`}
        value={props.value}
        onInput={(value) => props.onInput(value.trim().toLowerCase())}
      />
      <p class="slug-free" role="status">
        {free() === true && wrong() === undefined ? text().slugFree : ""}
      </p>
    </div>
  );
}

export function VisibilityChoices(props: {
  legend: string;
  value: Visibility;
  onChange: (value: Visibility) => void;
  disabled?: boolean;
}) {
  const text = () => studioWords().visibility;
  return (
    <Choices
      legend={props.legend}
      value={props.value}
      disabled={props.disabled === true}
      onChange={props.onChange}
      options={[
        { value: "public", label: text().public, hint: text().publicHint },
        { value: "unlisted", label: text().unlisted, hint: text().unlistedHint },
        { value: "private", label: text().private, hint: text().privateHint },
      ]}
    />
  );
}
