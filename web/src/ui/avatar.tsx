import { Show } from "solid-js";
import { hueOf } from "./carrier.ts";

/** The picture of a person; without one, the first letter on a colour that belongs to the name. */
export function Avatar(props: { name: string; url: string | null; large?: boolean }) {
  return (
    <span
      class="avatar"
      classList={{ "avatar-large": props.large === true }}
      style={{ "--hue": String(hueOf(props.name)) }}
      aria-hidden="true"
    >
      <Show when={props.url} fallback={[...props.name][0]?.toUpperCase()}>
        {(url) => <img src={url()} alt="" width="192" height="192" />}
      </Show>
    </span>
  );
}
