import { createMemo, For } from "solid-js";
import { CARRIER_HEIGHT, CARRIER_WIDTH, carrierOf } from "./carrier.ts";

/** The picture of a channel. In colour when it is live: on this site colour means nothing else. */
export function CarrierArt(props: { name: string; live: boolean }) {
  const carrier = createMemo(() => carrierOf(props.name));
  return (
    <svg
      class="carrier"
      classList={{ "carrier-live": props.live }}
      style={{ "--hue": String(carrier().hue) }}
      viewBox={`0 0 ${CARRIER_WIDTH} ${CARRIER_HEIGHT}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <For each={carrier().lines}>{(line) => <path d={line} />}</For>
    </svg>
  );
}
