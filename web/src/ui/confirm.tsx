import { createSignal, type JSX } from "solid-js";
import { accountWords, explain } from "../i18n/account-words.ts";
import type { Problem } from "../session/problem.ts";
import { Dialog } from "./dialog.tsx";
import { FormProblem } from "./field.tsx";

export interface ConfirmProps {
  readonly open: boolean;
  readonly title: string;
  /** What happens, and what can't be undone. */
  readonly text: string;
  readonly action: string;
  readonly danger?: boolean;
  /** False: something that the reader has to do first is missing. */
  readonly ready?: boolean;
  readonly onClose: () => void;
  /** Null closes the question. */
  readonly onConfirm: () => Promise<Problem | null>;
  /** More to fill in. */
  readonly children?: JSX.Element;
}

/** Asks before something that can't be taken back. */
export function Confirm(props: ConfirmProps) {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string>();

  function close(): void {
    setProblem(undefined);
    props.onClose();
  }

  async function confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy()) return;
    setBusy(true);
    const refused = await props.onConfirm();
    setBusy(false);
    if (refused === null) close();
    else setProblem(explain(refused));
  }

  return (
    <Dialog open={props.open} title={props.title} onClose={close}>
      <form class="form" noValidate onSubmit={(event) => void confirm(event)}>
        <p>{props.text}</p>
        <FormProblem text={problem()} />
        {props.children}
        <div class="actions">
          <button
            type="submit"
            class="button"
            classList={{ "button-danger": props.danger === true }}
            disabled={busy() || props.ready === false}
          >
            {props.action}
          </button>
          <button type="button" class="button button-quiet" onClick={close}>
            {accountWords().settings.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
