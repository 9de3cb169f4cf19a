import { createSignal, createUniqueId, type JSX, Show } from "solid-js";
import { accountWords } from "../i18n/account-words.ts";
import { EyeIcon, EyeOffIcon } from "./icons.tsx";

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly optional?: boolean;
}

/** Label, control, hint and error, tied together for those who hear the page. */
function Field(
  props: FieldProps & {
    control: (ids: { id: string; describedBy: string | undefined; invalid: "true" | undefined }) => JSX.Element;
  },
) {
  const id = createUniqueId();
  const describedBy = () =>
    [props.hint === undefined ? "" : `${id}-hint`, props.error === undefined ? "" : `${id}-error`]
      .filter(Boolean)
      .join(" ") || undefined;
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        <Show when={props.optional}>
          <span class="field-optional">{accountWords().fields.optional}</span>
        </Show>
      </label>
      {props.control({
        id,
        get describedBy() {
          return describedBy();
        },
        get invalid() {
          return props.error === undefined ? undefined : ("true" as const);
        },
      })}
      <Show when={props.error}>
        {(text) => (
          <p class="field-error" id={`${id}-error`}>
            {text()}
          </p>
        )}
      </Show>
      <Show when={props.hint}>
        {(text) => (
          <p class="field-hint" id={`${id}-hint`}>
            {text()}
          </p>
        )}
      </Show>
    </div>
  );
}

export interface TextFieldProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "email" | "search" | "date" | "datetime-local" | "number";
  readonly name?: string;
  readonly autocomplete?: string;
  readonly maxLength?: number;
  readonly min?: string;
  readonly max?: string;
  readonly inputMode?: "text" | "email" | "numeric" | "decimal";
  /** Text that stands before what is typed, such as the beginning of an address. */
  readonly prefix?: string;
  readonly plain?: boolean;
  readonly placeholder?: string;
}

export function TextField(props: TextFieldProps) {
  return (
    <Field
      {...props}
      control={(ids) => (
        <div class="input">
          <Show when={props.prefix}>
            <span class="input-prefix" aria-hidden="true">
              {props.prefix}
            </span>
          </Show>
          <input
            id={ids.id}
            type={props.type ?? "text"}
            name={props.name}
            value={props.value}
            autocomplete={props.autocomplete ?? "off"}
            autocapitalize={props.plain ? "none" : undefined}
            spellcheck={props.plain ? false : undefined}
            inputmode={props.inputMode}
            maxlength={props.maxLength}
            min={props.min}
            max={props.max}
            placeholder={props.placeholder}
            aria-describedby={ids.describedBy}
            aria-invalid={ids.invalid}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
        </div>
      )}
    />
  );
}

export function TextArea(
  props: FieldProps & { value: string; onInput: (value: string) => void; rows?: number; maxLength?: number },
) {
  return (
    <Field
      {...props}
      control={(ids) => (
        <div class="input">
          <textarea
            id={ids.id}
            rows={props.rows ?? 4}
            maxlength={props.maxLength}
            aria-describedby={ids.describedBy}
            aria-invalid={ids.invalid}
            value={props.value}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
        </div>
      )}
    />
  );
}

export function PasswordField(
  props: FieldProps & {
    value: string;
    onInput: (value: string) => void;
    autocomplete: "current-password" | "new-password";
  },
) {
  const [shown, setShown] = createSignal(false);
  const action = () => (shown() ? accountWords().fields.hide : accountWords().fields.show);
  return (
    <Field
      {...props}
      control={(ids) => (
        <div class="input">
          <input
            id={ids.id}
            type={shown() ? "text" : "password"}
            value={props.value}
            autocomplete={props.autocomplete}
            autocapitalize="none"
            spellcheck={false}
            maxlength={1024}
            aria-describedby={ids.describedBy}
            aria-invalid={ids.invalid}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          <button
            type="button"
            class="input-button"
            aria-label={action()}
            title={action()}
            onClick={() => setShown(!shown())}
          >
            <Show when={shown()} fallback={<EyeIcon />}>
              <EyeOffIcon />
            </Show>
          </button>
        </div>
      )}
    />
  );
}

/** One of few, each with a sentence of its own. */
export function Choices<Value extends string>(props: {
  legend: string;
  value: Value;
  options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[];
  onChange: (value: Value) => void;
  disabled?: boolean;
}) {
  const name = createUniqueId();
  return (
    <fieldset class="choices" disabled={props.disabled}>
      <legend>{props.legend}</legend>
      <div class="choices-list">
        {props.options.map((option) => (
          <label class="choice">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={props.value === option.value}
              onChange={() => props.onChange(option.value)}
            />
            <span class="choice-words">
              <span>{option.label}</span>
              <Show when={option.hint}>
                <span class="field-hint">{option.hint}</span>
              </Show>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Toggle(props: {
  label: JSX.Element;
  hint?: string | undefined;
  error?: string | undefined;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = createUniqueId();
  return (
    <div class="field">
      <label class="toggle">
        <input
          type="checkbox"
          checked={props.checked}
          aria-describedby={props.error === undefined ? undefined : `${id}-error`}
          aria-invalid={props.error === undefined ? undefined : "true"}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />
        <span class="choice-words">
          <span>{props.label}</span>
          <Show when={props.hint}>
            <span class="field-hint">{props.hint}</span>
          </Show>
        </span>
      </label>
      <Show when={props.error}>
        {(text) => (
          <p class="field-error" id={`${id}-error`}>
            {text()}
          </p>
        )}
      </Show>
    </div>
  );
}

/** What is wrong with the whole form; the reader is taken to it. */
export function FormProblem(props: { text: string | undefined }) {
  return (
    <Show when={props.text}>
      <p class="form-problem" role="alert" tabindex="-1">
        {props.text}
      </p>
    </Show>
  );
}
