import { createEffect, createSignal, on, Show, untrack } from "solid-js";
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
const moment = (now: number | undefined) => Math.floor((now ?? 0) / FRESH_MS);

/** The picture of a broadcast; where there is none, that of its channel's name. */
export function Thumbnail(props: ThumbnailProps) {
  const [broken, setBroken] = createSignal(false);
  const bornAt = untrack(() => moment(props.now));
  const address = () => {
    const { url, live, now } = props;
    if (url === null || url === undefined || url === "") return null;
    // Uploaded pictures never change under one name; those of the moment do.
    if (!live || url.startsWith("/uploads/") || moment(now) === bornAt) return url;
    return `${url}${url.includes("?") ? "&" : "?"}at=${moment(now)}`;
  };
  createEffect(on(address, () => setBroken(false)));
  return (
    <span class="thumbnail">
      <Show when={!broken() && address()} fallback={<CarrierArt name={props.slug} live={props.live} />}>
        {(url) => (
          <img
            src={url()}
            alt=""
            width="640"
            height="360"
            loading={props.eager === true ? "eager" : "lazy"}
            fetchpriority={props.eager === true ? "high" : "auto"}
            decoding="async"
            onError={() => setBroken(true)}
          />
        )}
      </Show>
    </span>
  );
}
