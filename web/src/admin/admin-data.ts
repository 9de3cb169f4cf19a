/** What the administration reads and changes. */
import { type Accessor, createSignal } from "solid-js";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { type Outcome, outcomeOf, type Problem } from "../session/problem.ts";

const PAGE = 30;
const refusal = (outcome: Outcome<unknown>): Problem | null => (outcome.ok ? null : outcome.problem);

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** A list that grows by pages, and begins anew when what is looked for changes. */
function createPages<Key, Item>(
  key: Accessor<Key>,
  ask: (key: Key, cursor: string | undefined) => Promise<Outcome<Page<Item>>>,
) {
  const [more, setMore] = createSignal<readonly Item[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const first = createAnswer(
    key,
    async (wanted) => {
      const outcome = await ask(wanted, undefined);
      setMore([]);
      setCursor(outcome.ok ? outcome.value.nextCursor : null);
      return outcome;
    },
    { keep: true },
  );
  return {
    problem: first.problem,
    loaded: () => first.value() !== null,
    items: (): readonly Item[] => [...(first.value()?.items ?? []), ...more()],
    hasMore: () => cursor() !== null,
    reload: first.reload,
    async showMore() {
      const outcome = await ask(key(), cursor() ?? undefined);
      if (!outcome.ok) return;
      setMore((now) => [...now, ...outcome.value.items]);
      setCursor(outcome.value.nextCursor);
    },
  };
}

export const ROLES = ["user", "moderator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface UserSearch {
  readonly q: string;
  readonly role: Role | null;
  readonly isActive: boolean | null;
}

export const createUserList = (search: Accessor<UserSearch>) =>
  createPages(search, ({ q, role, isActive }, cursor) =>
    outcomeOf(
      client.api.users.get({
        query: {
          limit: PAGE,
          ...(q === "" ? {} : { q }),
          ...(role === null ? {} : { role }),
          ...(isActive === null ? {} : { isActive }),
          ...(cursor === undefined ? {} : { cursor }),
        },
      }),
    ),
  );

export const createChannelList = (q: Accessor<string>) =>
  createPages(q, (text, cursor) =>
    outcomeOf(
      client.api.channels.get({
        query: { limit: PAGE, ...(text === "" ? {} : { q: text }), ...(cursor === undefined ? {} : { cursor }) },
      }),
    ),
  );

export const createAuditLog = () =>
  createPages(
    () => "audit",
    (_, cursor) =>
      outcomeOf(client.api.audit.get({ query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } })),
  );

export async function changeUser(id: number, change: { role?: Role; isActive?: boolean }): Promise<Problem | null> {
  return refusal(await outcomeOf(client.api.users({ id }).put(change)));
}

export async function removeUser(id: number): Promise<Problem | null> {
  return refusal(await outcomeOf(client.api.users({ id }).delete({})));
}

export async function removeChannel(id: number): Promise<Problem | null> {
  return refusal(await outcomeOf(client.api.channels({ id }).delete()));
}

export async function previewDocument(body: string): Promise<string | null> {
  const outcome = await outcomeOf(client.api.documents.preview.post({ body }));
  return outcome.ok ? outcome.value.html : null;
}

export interface DocumentText {
  readonly title: string;
  readonly body: string;
  /** The version that it was written on. */
  readonly basedOn: number;
}

export async function saveDocument(slug: string, language: string, text: DocumentText): Promise<Problem | null> {
  return refusal(await outcomeOf(client.api.documents({ slug }).put(text, { query: { locale: language } })));
}

/** A document in exactly this language, or the problem. */
export const createDocumentText = (key: Accessor<{ slug: string; language: string }>) =>
  createAnswer(key, ({ slug, language }) =>
    outcomeOf(client.api.documents({ slug }).get({ query: { locale: language } })),
  );

/** `/api/ready` says the same with 503, so both are answers. */
export async function askReady() {
  const { data, error } = await client.api.ready.get();
  if (data !== null) return data;
  const value: unknown = error?.value;
  const isReady = typeof value === "object" && value !== null && "checks" in value;
  return isReady ? (value as NonNullable<typeof data>) : null;
}

export async function askUptime(): Promise<number | null> {
  return (await client.api.health.get()).data?.uptimeSeconds ?? null;
}
