import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeLog } from "./make-log.ts";
import type { ChatMessage } from "./messages.ts";

/** `at`: milliseconds of the picture. */
const message = (id: number, at: number, author = 1): ChatMessage => ({
  id,
  channelId: 1,
  streamId: 1,
  author: { id: author, username: `user-${author}`, fullName: null, avatarUrl: null },
  badge: null,
  text: `message ${id}`,
  replyTo: null,
  mediaAt: new Date(at).toISOString(),
  createdAt: new Date(at + 5_000).toISOString(),
});
const anyMessages = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(1_000)), { selector: ([id]) => id, maxLength: 80 })
  .map((pairs) => pairs.map(([id, at]) => message(id, at, 1 + (id % 3))));

describe("a chat's log", () => {
  test("has each message once, in the order of the picture, however they come", () => {
    fc.assert(
      fc.property(anyMessages, fc.array(fc.nat(100)), fc.nat(1_000), (messages, cuts, now) => {
        const log = makeLog();
        let rest = [...messages];
        for (const cut of cuts) {
          log.add(rest.slice(0, cut));
          // Some come again.
          rest = rest.slice(Math.floor(cut / 2));
        }
        log.add(messages);
        const wanted = messages.toSorted((a, b) => Date.parse(a.mediaAt!) - Date.parse(b.mediaAt!) || a.id - b.id);
        expect(log.entries.map(({ message: { id } }) => id)).toEqual(wanted.map(({ id }) => id));
        expect(log.upTo(now)).toBe(wanted.filter(({ mediaAt }) => Date.parse(mediaAt!) <= now).length);
        expect(log.upTo(null)).toBe(wanted.length);
        for (const [n, entry] of log.entries.entries()) expect(log.indexOf(entry)).toBe(n);
      }),
    );
  });

  test("forgets the oldest of too many, and what was taken away", () => {
    const log = makeLog(3);
    log.add([1, 2, 3, 4, 5].map((id) => message(id, id, id)));
    const ids = () => log.entries.map(({ message: { id } }) => id);
    expect(ids()).toEqual([3, 4, 5]);
    log.remove(4);
    log.clear(5);
    expect(ids()).toEqual([3]);
    // What is gone is not known any more.
    expect(log.add([message(4, 4)])).toBe(true);
    expect(log.add([message(4, 4)])).toBe(false);
  });

  test("agrees with the newest page: what is missing there is gone, what came meanwhile stays", () => {
    const log = makeLog();
    const ids = () => log.entries.map(({ message: { id } }) => id);
    log.add([1, 2, 3, 4, 5, 9].map((id) => message(id, id)));
    log.agree([3, 5].map((id) => message(id, id)));
    expect(ids()).toEqual([1, 2, 3, 5, 9]);
    // Nothing of it is known: between it and what is older there may be a gap.
    log.agree([7, 8].map((id) => message(id, id)));
    expect(ids()).toEqual([9]);
  });
});
