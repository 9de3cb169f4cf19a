import { createSignal, For, Show } from "solid-js";
import { createForm } from "../forms/create-form.ts";
import { accountWords, explain } from "../i18n/account-words.ts";
import { formatAgo } from "../i18n/dates.ts";
import { locale } from "../i18n/locale.ts";
import { createNow } from "../live/create-now.ts";
import type { Me } from "../session/session.ts";
import { CopyField } from "../ui/copy-field.tsx";
import { Choices, FormProblem, TextField } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";
import { type ApiToken, createTokens } from "./settings.ts";

/** Days; "" is until it is revoked. */
const DAYS = ["30", "90", "365", ""] as const;

/** Tokens of programs: who has one, and a new one. */
export function TokenList(props: { me: Me }) {
  const tokens = createTokens();
  const now = createNow(30_000);
  const text = () => accountWords().settings;
  const [made, setMade] = createSignal<string | null>(null);
  const form = createForm({
    initial: { name: "", scope: "read", days: "90" },
    required: ["name"],
    async submit({ name, scope, days }) {
      setMade(null);
      const outcome = await tokens.make(name, scope as ApiToken["scope"], days === "" ? null : Number(days));
      if (!("token" in outcome)) return outcome;
      setMade(outcome.token);
      return null;
    },
    done: () => form.reset({ name: "", scope: "read", days: "90" }),
  });
  const scopes = () => [
    { value: "read", label: text().scopeRead, hint: text().scopeReadHint },
    { value: "channels", label: text().scopeChannels, hint: text().scopeChannelsHint },
    ...(props.me.permissions.administer
      ? [{ value: "admin", label: text().scopeAdmin, hint: text().scopeAdminHint }]
      : []),
  ];
  const scopeName = (scope: ApiToken["scope"]) => scopes().find(({ value }) => value === scope)?.label ?? scope;
  const ending = ({ expiresAt }: ApiToken) =>
    expiresAt === null
      ? text().forEver
      : text().tokenEnds(new Date(expiresAt).toLocaleDateString(locale(), { dateStyle: "medium" }));

  async function revoke(id: number): Promise<void> {
    const problem = await tokens.revoke(id);
    say(problem === null ? text().revoked : explain(problem));
  }

  return (
    <section class="panel" aria-labelledby="settings-tokens">
      <div class="panel-head">
        <h2 id="settings-tokens">{text().tokens}</h2>
        <p>{text().tokensLead}</p>
      </div>
      <div class="panel-body">
        <Show when={(tokens.value()?.items ?? []).length > 0} fallback={<p class="field-hint">{text().noTokens}</p>}>
          <ul class="rows">
            <For each={tokens.value()?.items ?? []}>
              {(token) => (
                <li class="row">
                  <div class="row-words">
                    <strong>{token.name}</strong>
                    <span class="field-hint">
                      {scopeName(token.scope)}, …{token.hint}, {ending(token)},{" "}
                      {token.lastUsedAt === null
                        ? text().neverUsed
                        : text().lastUsed(formatAgo(token.lastUsedAt, now()))}
                    </span>
                  </div>
                  <button
                    type="button"
                    class="button button-quiet"
                    aria-label={text().revokeOf(token.name)}
                    onClick={() => void revoke(token.id)}
                  >
                    {text().revoke}
                  </button>
                </li>
              )}
            </For>
          </ul>
        </Show>
        <Show when={made()}>
          {(token) => (
            <div role="status">
              <p>{text().tokenMade}</p>
              <CopyField value={token()} label={text().theToken} action={text().copyToken} />
            </div>
          )}
        </Show>
        <form class="form" noValidate onSubmit={form.onSubmit}>
          <FormProblem text={form.problem()} />
          <TextField
            label={text().tokenName}
            error={form.error("name")}
            maxLength={100}
            value={form.values.name}
            onInput={(value) => form.set("name", value)}
          />
          <Choices
            legend={text().tokenScope}
            value={form.values.scope}
            onChange={(value) => form.set("scope", value)}
            options={scopes()}
          />
          <Choices
            legend={text().tokenDays}
            value={form.values.days}
            onChange={(value) => form.set("days", value)}
            options={DAYS.map((value) => ({
              value,
              label: value === "" ? text().forEver : text().days(Number(value)),
            }))}
          />
          <button type="submit" class="button" disabled={form.busy()}>
            {text().makeToken}
          </button>
        </form>
      </div>
    </section>
  );
}
