/** The state of a form: its values, what is wrong with them, and one request at a time. */
import { createSignal } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { accountWords, explain, explainField } from "../i18n/account-words.ts";
import type { Problem } from "../session/problem.ts";

export interface FormOptions<Values extends Record<string, string | boolean>> {
  readonly initial: Values;
  /** Fields that must not be empty. The server decides about everything else. */
  readonly required?: readonly (keyof Values & string)[];
  /** Null: done. Throws nothing. */
  readonly submit: (values: Values) => Promise<Problem | null>;
  readonly done?: () => void;
}

export interface Form<Values extends Record<string, string | boolean>> {
  readonly values: Values;
  set<Name extends keyof Values & string>(name: Name, value: Values[Name]): void;
  reset(values: Values): void;
  /** What is wrong with a field, in the page's language; undefined: nothing. */
  error(name: keyof Values & string): string | undefined;
  /** What is wrong with the whole; undefined: nothing, or nothing but the fields. */
  problem(): string | undefined;
  busy(): boolean;
  onSubmit(event: SubmitEvent): void;
}

export function createForm<Values extends Record<string, string | boolean>>(
  options: FormOptions<Values>,
): Form<Values> {
  const [values, setValues] = createStore<Values>({ ...options.initial });
  const [problem, setProblem] = createSignal<Problem | null>(null);
  /** Once marked fields were changed there is nothing left to say. */
  const [aboutFields, setAboutFields] = createSignal(false);
  const [missing, setMissing] = createSignal<readonly string[]>([]);
  const [busy, setBusy] = createSignal(false);
  const known = (name: string) => Object.hasOwn(options.initial, name);

  async function submit(form: HTMLFormElement): Promise<void> {
    if (busy()) return;
    setProblem(null);
    setMissing((options.required ?? []).filter((name) => isEmpty(values[name])));
    if (missing().length === 0) {
      setBusy(true);
      const refused = await options.submit({ ...values });
      setAboutFields(refused?.fields.some(({ field }) => known(field)) ?? false);
      setProblem(refused);
      setBusy(false);
      if (problem() === null) {
        options.done?.();
        return;
      }
    }
    // The first field that is wrong, else what is said about the whole.
    queueMicrotask(() => form.querySelector<HTMLElement>("[aria-invalid=true], .form-problem")?.focus());
  }

  return {
    values,
    set(name, value) {
      // biome-ignore lint/suspicious/noExplicitAny: the store's setter can't follow a generic key
      (setValues as any)(name, value);
      setMissing((names) => names.filter((other) => other !== name));
      setProblem((now) => (now === null ? now : { ...now, fields: now.fields.filter(({ field }) => field !== name) }));
    },
    reset(next) {
      setValues(reconcile({ ...next }));
      setProblem(null);
      setMissing([]);
    },
    error(name) {
      if (missing().includes(name)) return accountWords().empty;
      const now = problem();
      return now?.fields.some(({ field }) => field === name) ? explainField(now.code, name) : undefined;
    },
    problem() {
      const now = problem();
      return now === null || aboutFields() ? undefined : explain(now);
    },
    busy,
    onSubmit(event) {
      event.preventDefault();
      void submit(event.currentTarget as HTMLFormElement);
    },
  };
}

const isEmpty = (value: string | boolean | undefined) => value === false || value === undefined || value === "";
