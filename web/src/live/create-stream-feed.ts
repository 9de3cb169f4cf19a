/** One broadcast by its id, read again until it can't change any more. */
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { client, type Stream } from "./client.ts";
import { useTopic } from "./events.ts";
import { isReachable, makePoll, type Poll } from "./make-poll.ts";
import { makeRereading } from "./make-rereading.ts";
import { isRecorded } from "./recording.ts";

export type StreamPresence = "loading" | "missing" | "planned" | "live" | "recorded" | "not-recorded";

const EVERY_MS = 15_000;

export function presenceOf(stream: Stream): StreamPresence {
  if (stream.state === "live") return "live";
  if (stream.state !== "ended") return "planned";
  return isRecorded(stream) ? "recorded" : "not-recorded";
}

export function createStreamFeed(id: Accessor<number>) {
  const [stream, setStream] = createSignal<Stream | null>(null);
  const [missing, setMissing] = createSignal(false);
  const [reachable, setReachable] = createSignal(true);
  let poll: Poll | undefined;

  createEffect(
    on(id, (wanted) => {
      setStream(null);
      setMissing(false);
      if (!Number.isSafeInteger(wanted) || wanted < 1) {
        setMissing(true);
        return;
      }
      const current = makePoll<Stream | null>({
        everyMs: EVERY_MS,
        visibility: document,
        ask: async (_etag, signal) => {
          const { data, status } = await client.api.streams({ id: wanted }).get({ fetch: { signal } });
          if (data !== null) return { kind: "changed", value: data, etag: null };
          return status === 404 || status === 422 ? { kind: "changed", value: null, etag: null } : { kind: "failed" };
        },
        onAnswer: (answer) => {
          setReachable(isReachable(answer));
          if (answer.kind !== "changed") return;
          setStream(answer.value);
          setMissing(answer.value === null);
          if (answer.value === null || isRecorded(answer.value)) current.stop();
        },
      });
      poll = current;
      onCleanup(current.stop);
    }),
  );

  const rereading = makeRereading(() => poll?.now());
  onCleanup(rereading.stop);
  const topic = createMemo(() => {
    const known = stream();
    return known === null || isRecorded(known) ? null : `channel:${known.channelId}`;
  });
  useTopic(topic, () => rereading.soon());

  const presence = createMemo((): StreamPresence => {
    const known = stream();
    if (known !== null) return presenceOf(known);
    return missing() ? "missing" : "loading";
  });
  return { stream, presence, reachable };
}
