/** Live events for components: a topic is heard while whoever listens is on the page. */
import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";
import { isSettled } from "../ui/settled.ts";
import { type Hear, makeEvents } from "./make-events.ts";

const [connected, setConnected] = createSignal(false);

const events = makeEvents({
  origin: location.origin,
  openSocket: (url) => new WebSocket(url),
  openSource: (url) => new EventSource(url),
  onConnected: setConnected,
});

/** Whether events arrive; while they don't, pages ask by themselves. */
export const eventsConnected: Accessor<boolean> = connected;

/** Connects anew with the credentials of now. */
export const reconnectEvents = (): void => events.reconnect();

/** Hears a topic of docs/events.md; null hears nothing. The first connection lets the page's first picture pass. */
export function useTopic(topic: Accessor<string | null>, hear: Hear): void {
  createEffect(() => {
    const name = topic();
    if (name !== null && isSettled()) onCleanup(events.listen(name, hear));
  });
}
