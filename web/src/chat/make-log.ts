/** What is known of a chat, in the order of the picture. No signals here: `create-chat.ts` has them. */
import type { ChatMessage } from "./messages.ts";

export interface Entry {
  /** What of the broadcast its writer saw, or when it was written where nothing was on. Milliseconds since 1970. */
  readonly at: number;
  readonly message: ChatMessage;
}

export interface ChatLog {
  readonly entries: readonly Entry[];
  /** Those that are known already are passed over. True: something is new. */
  add(messages: readonly ChatMessage[]): boolean;
  /** The newest page as the server has it: what is missing in it was deleted, and what lies before a gap is left to be read again. */
  agree(page: readonly ChatMessage[]): void;
  remove(id: number): void;
  /** All of one writer. */
  clear(userId: number): void;
  /** How many are to be seen at a moment of the picture; null: all. */
  upTo(at: number | null): number;
  /** Where an entry is, or would be. */
  indexOf(entry: Entry): number;
  empty(): void;
}

/** More than anybody reads; the oldest go. */
const MOST = 10_000;

const timeOf = ({ mediaAt, createdAt }: ChatMessage): number => Date.parse(mediaAt ?? createdAt);
const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.message.id < b.message.id);

export function makeLog(most = MOST): ChatLog {
  let entries: Entry[] = [];
  const ids = new Set<number>();

  /** The first entry for which it does not hold any more. */
  function search(holds: (entry: Entry) => boolean): number {
    let [from, to] = [0, entries.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (holds(entries[middle] as Entry)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  function keep(wanted: (entry: Entry) => boolean): void {
    entries = entries.filter((entry) => {
      if (wanted(entry)) return true;
      ids.delete(entry.message.id);
      return false;
    });
  }

  return {
    get entries() {
      return entries;
    },
    add(messages) {
      const fresh = messages.filter(({ id }) => !ids.has(id));
      for (const message of fresh) {
        const entry = { at: timeOf(message), message };
        ids.add(message.id);
        const last = entries.at(-1);
        // What has just been said is nearly always the last.
        if (last === undefined || isBefore(last, entry)) entries.push(entry);
        else
          entries.splice(
            search((other) => isBefore(other, entry)),
            0,
            entry,
          );
      }
      if (entries.length > most)
        for (const { message } of entries.splice(0, entries.length - most)) ids.delete(message.id);
      return fresh.length > 0;
    },
    agree(page) {
      const told = new Set(page.map(({ id }) => id));
      const [first, last] = [Math.min(...told), Math.max(...told)];
      const hasGap = !page.some(({ id }) => ids.has(id));
      keep(({ message: { id } }) => told.has(id) || id > last || (id < first && !hasGap));
    },
    remove: (id) => keep(({ message }) => message.id !== id),
    clear: (userId) => keep(({ message }) => message.author.id !== userId),
    upTo: (at) => (at === null ? entries.length : search((entry) => entry.at <= at)),
    indexOf: (entry) => search((other) => isBefore(other, entry)),
    empty() {
      entries = [];
      ids.clear();
    },
  };
}
