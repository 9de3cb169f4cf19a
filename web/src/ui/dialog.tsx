import { createEffect, createUniqueId, type JSX, onCleanup, Show } from "solid-js";

/** A question that must be answered first. The browser's own dialog keeps the keyboard inside and gives it back afterwards. */
export function Dialog(props: {
  open: boolean;
  title: string;
  onClose: () => void;
  children: JSX.Element;
  wide?: boolean;
}) {
  return (
    <Show when={props.open}>
      <OpenDialog {...props} />
    </Show>
  );
}

function OpenDialog(props: { title: string; onClose: () => void; children: JSX.Element; wide?: boolean }) {
  const id = createUniqueId();
  let dialog: HTMLDialogElement | undefined;
  createEffect(() => {
    dialog?.showModal();
    // Beside the dialog: its own area is covered by what is in it. The keyboard has Escape.
    dialog?.addEventListener("click", ({ target }) => {
      if (target === dialog) props.onClose();
    });
  });
  onCleanup(() => dialog?.close());
  return (
    <dialog
      ref={dialog}
      class="dialog"
      classList={{ "dialog-wide": props.wide === true }}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <div class="dialog-body">
        <h2 id={id}>{props.title}</h2>
        {props.children}
      </div>
    </dialog>
  );
}
