import { A } from "@solidjs/router";
import { createSignal, For, Show } from "solid-js";
import { changeUser, createUserList, ROLES, type Role, removeUser, type UserSearch } from "../admin/admin-data.ts";
import { SearchForm, Select } from "../admin/search-form.tsx";
import { explain } from "../i18n/account-words.ts";
import { adminWords } from "../i18n/admin-words.ts";
import { formatDay } from "../i18n/dates.ts";
import { userPath } from "../paths.ts";
import type { Problem } from "../session/problem.ts";
import { me } from "../session/session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { FormProblem } from "../ui/field.tsx";
import { say } from "../ui/toasts.tsx";

type User = ReturnType<ReturnType<typeof createUserList>["items"]>[number];

export function AdminUsers() {
  const [search, setSearch] = createSignal<UserSearch>({ q: "", role: null, isActive: null });
  const [asking, setAsking] = createSignal<{ user: User; what: "rest" | "remove" } | null>(null);
  const users = createUserList(search);
  const text = () => adminWords();

  async function settle(work: Promise<Problem | null>, done: string): Promise<Problem | null> {
    const problem = await work;
    say(problem === null ? done : explain(problem));
    await users.reload();
    return problem;
  }

  return (
    <section class="studio-section first-section" aria-labelledby="users-heading">
      <h2 id="users-heading">{text().users}</h2>
      <SearchForm label={text().searchUsers} onSearch={(q) => setSearch((now) => ({ ...now, q }))}>
        <Select
          label={text().role}
          value={search().role ?? ""}
          options={[
            { value: "", label: text().anyRole },
            ...ROLES.map((role) => ({ value: role as string, label: text().roles[role] ?? role })),
          ]}
          onChange={(role) => setSearch((now) => ({ ...now, role: role === "" ? null : (role as Role) }))}
        />
        <Select
          label={text().state}
          value={String(search().isActive)}
          options={[
            { value: "null", label: text().anyState },
            { value: "true", label: text().active },
            { value: "false", label: text().resting },
          ]}
          onChange={(state) => setSearch((now) => ({ ...now, isActive: state === "null" ? null : state === "true" }))}
        />
      </SearchForm>
      <FormProblem text={users.problem() === null ? undefined : explain(users.problem()!)} />
      <Show when={users.items().length > 0} fallback={<p class="field-hint">{users.loaded() ? text().none : ""}</p>}>
        <ul class="rows">
          <For each={users.items()}>
            {(user) => (
              <li class="row">
                <Avatar name={user.username} url={user.avatarUrl} />
                <div class="row-words">
                  <A href={userPath(user.id)} aria-label={text().openProfile(user.username)}>
                    <strong>{user.username}</strong>
                  </A>
                  <span class="field-hint">
                    {user.email}, {text().since(formatDay(user.createdAt))}
                  </span>
                </div>
                <div class="actions">
                  <Show when={user.isActive === false}>
                    <span class="badge">{text().resting}</span>
                  </Show>
                  <Select
                    label={text().roleOf(user.username)}
                    hideLabel={true}
                    value={user.role}
                    options={ROLES.map((role) => ({ value: role, label: text().roles[role] ?? role }))}
                    onChange={(role) => void settle(changeUser(user.id, { role }), text().changed(user.username))}
                  />
                  <Show when={user.id !== me()?.id}>
                    <Show
                      when={user.isActive}
                      fallback={
                        <button
                          type="button"
                          class="button button-quiet"
                          aria-label={text().wakeOf(user.username)}
                          onClick={() =>
                            void settle(changeUser(user.id, { isActive: true }), text().changed(user.username))
                          }
                        >
                          {text().wake}
                        </button>
                      }
                    >
                      <button
                        type="button"
                        class="button button-quiet"
                        aria-label={text().restOf(user.username)}
                        onClick={() => setAsking({ user, what: "rest" })}
                      >
                        {text().rest}
                      </button>
                    </Show>
                    <button
                      type="button"
                      class="button button-danger"
                      aria-label={text().removeOf(user.username)}
                      onClick={() => setAsking({ user, what: "remove" })}
                    >
                      {text().remove}
                    </button>
                  </Show>
                </div>
              </li>
            )}
          </For>
        </ul>
        <Show when={users.hasMore()}>
          <button type="button" class="button button-quiet more-button" onClick={() => void users.showMore()}>
            {text().more}
          </button>
        </Show>
      </Show>
      <Show when={asking()}>
        {(asked) => (
          <Confirm
            open={true}
            title={(asked().what === "rest" ? text().restTitle : text().removeTitle)(asked().user.username)}
            text={asked().what === "rest" ? text().restText : text().removeAccount}
            action={asked().what === "rest" ? text().rest : text().remove}
            danger={true}
            onClose={() => setAsking(null)}
            onConfirm={() => {
              const { user, what } = asked();
              return what === "rest"
                ? settle(changeUser(user.id, { isActive: false }), text().changed(user.username))
                : settle(removeUser(user.id), text().removed(user.username));
            }}
          />
        )}
      </Show>
    </section>
  );
}
