import { createSignal, For, Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { accountWords, explain } from "../i18n/account-words.ts";
import { formatAgo } from "../i18n/dates.ts";
import { createNow } from "../live/create-now.ts";
import { CopyField } from "../ui/copy-field.tsx";
import { FormProblem, TextField, Toggle } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import {
  createDeliveries,
  createWebhooks,
  type Delivery,
  type Made,
  WEBHOOK_EVENTS,
  type Webhook,
} from "./webhooks.ts";

type Event = (typeof WEBHOOK_EVENTS)[number];
type Values = { url: string } & Record<Event, boolean>;

const nothing = (): Values => ({
  url: "",
  "stream.started": true,
  "stream.ended": true,
  "stream.updated": false,
  "recording.ready": true,
  "recording.deleted": false,
});

/** Webhooks: which there are, what became of their messages, and a new one. */
export function WebhookList() {
  const webhooks = createWebhooks();
  const text = () => accountWords().webhooks;
  const [secret, setSecret] = createSignal<string | null>(null);
  const [open, setOpen] = createSignal<number | null>(null);
  const show = (made: Made) => {
    if ("secret" in made) setSecret(made.secret);
    else say(explain(made));
  };
  const form = createForm<Values>({
    initial: nothing(),
    required: ["url"],
    async submit({ url, ...wanted }) {
      setSecret(null);
      const made = await webhooks.make(
        url.trim(),
        WEBHOOK_EVENTS.filter((event) => wanted[event]),
      );
      if (!("secret" in made)) return made;
      setSecret(made.secret);
      return null;
    },
    done: () => form.reset(nothing()),
  });

  async function tell(asked: Promise<Parameters<typeof explain>[0] | null>, done: string): Promise<void> {
    const problem = await asked;
    say(problem === null ? done : explain(problem));
  }

  return (
    <section class="panel" aria-labelledby="settings-webhooks">
      <div class="panel-head">
        <h2 id="settings-webhooks">{text().title}</h2>
        <p>{text().lead}</p>
      </div>
      <div class="panel-body">
        <Show when={(webhooks.value()?.items ?? []).length > 0} fallback={<p class="field-hint">{text().none}</p>}>
          <ul class="rows">
            <For each={webhooks.value()?.items ?? []}>
              {(webhook) => (
                <li class="webhook">
                  <div class="row">
                    <div class="row-words">
                      <strong class="webhook-url">{webhook.url}</strong>
                      <span class="field-hint">{webhook.events.map((event) => text().events[event]).join(", ")}</span>
                      <State webhook={webhook} />
                    </div>
                    <div class="row-actions">
                      <button
                        type="button"
                        class="button button-quiet"
                        onClick={() => void tell(webhooks.test(webhook.id), text().tested)}
                      >
                        {text().test}
                      </button>
                      <button
                        type="button"
                        class="button button-quiet"
                        aria-expanded={open() === webhook.id}
                        onClick={() => setOpen((now) => (now === webhook.id ? null : webhook.id))}
                      >
                        {text().messages}
                      </button>
                      <button
                        type="button"
                        class="button button-quiet"
                        onClick={() =>
                          void tell(
                            webhooks.turn(webhook.id, !webhook.isActive),
                            webhook.isActive ? text().paused : text().resumed,
                          )
                        }
                      >
                        {webhook.isActive ? text().pause : text().resume}
                      </button>
                      <button
                        type="button"
                        class="button button-quiet"
                        onClick={() => void webhooks.rotate(webhook.id).then(show)}
                      >
                        {text().rotate}
                      </button>
                      <button
                        type="button"
                        class="button button-quiet"
                        aria-label={text().removeOf(webhook.url)}
                        onClick={() => void tell(webhooks.remove(webhook.id), text().removed)}
                      >
                        {text().remove}
                      </button>
                    </div>
                  </div>
                  <Show when={open() === webhook.id}>
                    <Deliveries id={webhook.id} />
                  </Show>
                </li>
              )}
            </For>
          </ul>
        </Show>
        <Show when={secret()}>
          {(value) => (
            <div role="status">
              <p>{text().secretMade}</p>
              <CopyField value={value()} label={text().secret} action={text().copySecret} />
            </div>
          )}
        </Show>
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().url}
            hint={text().urlHint}
            // Restream targets have a field of this name too, which is to be something else.
            error={form.error("url") === undefined ? undefined : text().wrongUrl}
            plain={true}
            maxLength={1_000}
            value={form.values.url}
            onInput={(value) => form.set("url", value)}
          />
          <fieldset class="choices">
            <legend>{text().which}</legend>
            <div class="choices-list">
              <For each={WEBHOOK_EVENTS}>
                {(event) => (
                  <Toggle
                    label={text().events[event]}
                    checked={form.values[event]}
                    onChange={(checked) => form.set(event, checked)}
                  />
                )}
              </For>
            </div>
          </fieldset>
          <button type="submit" class="button" disabled={form.busy()}>
            {text().make}
          </button>
        </form>
      </div>
    </section>
  );
}

/** What is to be said of a webhook that does not simply work. */
function State(props: { webhook: Webhook }) {
  const text = () => accountWords().webhooks;
  const now = createNow(30_000);
  return (
    <>
      <Show when={!props.webhook.isActive}>
        <span class="field-hint">
          {props.webhook.disabledFor === null ? text().isPaused : text().disabled[props.webhook.disabledFor]}
        </span>
      </Show>
      <Show when={props.webhook.isActive && props.webhook.failingSince}>
        {(since) => <span class="field-hint">{text().failing(formatAgo(since(), now()))}</span>}
      </Show>
    </>
  );
}

function Deliveries(props: { id: number }) {
  const deliveries = createDeliveries(() => props.id);
  const now = createNow(10_000);
  const text = () => accountWords().webhooks;
  const answer = ({ lastStatus, lastFault }: Delivery) =>
    lastStatus !== null ? text().answered(lastStatus) : lastFault !== null ? text().noAnswer : "";

  async function again(id: number): Promise<void> {
    const problem = await deliveries.again(id);
    say(problem === null ? text().againDone : explain(problem));
  }

  return (
    <Show when={(deliveries.value()?.items ?? []).length > 0} fallback={<p class="field-hint">{text().noMessages}</p>}>
      <ul class="rows webhook-messages" aria-label={text().messages}>
        <For each={deliveries.value()?.items ?? []}>
          {(delivery) => (
            <li class="row">
              <div class="row-words">
                <strong>{delivery.type}</strong>
                <span class="field-hint">
                  {[text().states[delivery.state], answer(delivery), formatAgo(delivery.createdAt, now())]
                    .filter((part) => part !== "")
                    .join(", ")}
                </span>
              </div>
              <Show when={delivery.state !== "pending"}>
                <button type="button" class="button button-quiet" onClick={() => void again(delivery.id)}>
                  {text().again}
                </button>
              </Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
