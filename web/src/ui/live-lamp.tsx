/** The sign that something is on air: the one place where the signal colour is spent. */
export function LiveLamp(props: { text: string }) {
  return (
    <span class="lamp">
      <span class="lamp-dot" aria-hidden="true" />
      {props.text}
    </span>
  );
}
