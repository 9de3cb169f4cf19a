import { createSignal, type JSX } from "solid-js";
import { adminWords } from "../i18n/admin-words.ts";
import { TextField } from "../ui/field.tsx";

/** Looks for what is typed when it is sent. */
export function SearchForm(props: { label: string; onSearch: (text: string) => void; children?: JSX.Element }) {
  const [text, setText] = createSignal("");
  return (
    <search>
      <form
        class="custom-range"
        onSubmit={(event) => {
          event.preventDefault();
          props.onSearch(text().trim());
        }}
      >
        <TextField label={props.label} type="search" maxLength={100} value={text()} onInput={setText} />
        {props.children}
        <button type="submit" class="button">
          {adminWords().search}
        </button>
      </form>
    </search>
  );
}

/** A choice among few that takes little room. */
export function Select<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly { readonly value: Value; readonly label: string }[];
  onChange: (value: Value) => void;
  hideLabel?: boolean;
}) {
  return (
    <label class="select">
      <span classList={{ "visually-hidden": props.hideLabel === true }}>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value as Value)}>
        {props.options.map((option) => (
          <option value={option.value} selected={option.value === props.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
