import { createEffect, createSignal, on, Show } from "solid-js";
import { CarrierArt } from "./carrier-art.tsx";

export interface ThumbnailProps {
  readonly slug: string;
  readonly url: string | null | undefined;
  readonly live: boolean;
  /** Milliseconds. Given for a live picture, it is fetched anew now and then. */
  readonly now?: number;
  /** In view from the start: not to be waited for. */
  readonly eager?: boolean;
}

const FRESH_MS = 20_000;

/** The picture of a broadcast; until it is there, or where there is none, that of its channel's name. */
export function Thumbnail(props: ThumbnailProps) {
  const [broken, setBroken] = createSignal(false);
  const address = () => {
    const { url, live, now } = props;
    if (url === null || url === undefined || url === "") return null;
    // Uploaded pictures never change under one name; those of the moment do.
    if (!live || now === undefined || url.startsWith("/uploads/")) return url;
    return `${url}${url.includes("?") ? "&" : "?"}at=${Math.floor(now / FRESH_MS)}`;
  };
  createEffect(on(address, () => setBroken(false)));
  return (
    <span class="thumbnail">
      <CarrierArt name={props.slug} live={props.live} />
      <Show when={!broken() && address()}>
        {(url) => (
          <img
            src={url()}
            alt=""
            width="640"
            height="360"
            loading={props.eager === true ? "eager" : "lazy"}
            decoding="async"
            onError={() => setBroken(true)}
          />
        )}
      </Show>
    </span>
  );
}
