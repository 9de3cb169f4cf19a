import type { Accessor } from "solid-js";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf } from "../session/problem.ts";

/** An account as others see it, with its channels. An address that is no number asks, too, and is told so. */
export function createProfile(id: Accessor<string>) {
  const user = createAnswer(id, (wanted) => outcomeOf(client.api.users({ id: wanted as unknown as number }).get()));
  const channels = createAnswer(
    () => user.value()?.id ?? null,
    (known) => outcomeOf(client.api.users({ id: known }).channels.get({ query: { limit: 50 } })),
  );
  return { user, channels };
}
