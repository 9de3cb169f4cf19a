import { expect, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import { LiveBroadcast } from "../live/broadcast.ts";
import { NOBODY } from "../live/testing/nobody.ts";
import { encodeTag, fanOutOf } from "./fan-out.ts";
import { type Player, startPlayer } from "./player.ts";

const CHUNK_SIZE = 128;

const makeBroadcast = () =>
  new LiveBroadcast({
    slug: "a",
    streamId: 1,
    visibility: "public",
    latency: "standard",
    startedAt: ms(0),
    publisher: NOBODY,
  });

/** A player by the plain rule, a write per tag: what each one of many must see too. */
function plainPlayer(broadcast: LiveBroadcast, streamId: number, write: (bytes: Uint8Array) => void) {
  const subscribe = () => {
    let decodable = false;
    return broadcast.subscribe({
      onTag(tag) {
        if (tag.kind === "video" && !decodable && !tag.isKeyframe) return;
        decodable ||= tag.kind === "video";
        write(encodeTag(tag, streamId, CHUNK_SIZE));
      },
      onEnd() {},
    });
  };
  let leave = subscribe();
  return {
    setPaused(paused: boolean) {
      leave();
      leave = paused ? () => {} : subscribe();
    },
    stop: () => leave(),
  };
}

interface Seat {
  readonly player: Player;
  readonly plain: Player;
  readonly got: Uint8Array[];
  readonly wanted: Uint8Array[];
  paused: boolean;
}

const op = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "join" } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), seat: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const), seat: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "time" } as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("audio" as const), size: fc.nat(300) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("video" as const), size: fc.nat(40_000), isKey: fc.boolean() }),
  },
);

test("whoever comes, pauses and goes: each player's bytes are those of one that has the broadcast alone", () => {
  let most = 0;
  fc.assert(
    fc.property(fc.array(op, { maxLength: 120, size: "max" }), fc.constantFrom(1, 2), (ops, streamId) => {
      const broadcast = makeBroadcast();
      const fanOut = fanOutOf(broadcast, CHUNK_SIZE, ms(60_000));
      const seats: Seat[] = [];
      const all: Seat[] = [];
      const join = () => {
        const got: Uint8Array[] = [];
        const wanted: Uint8Array[] = [];
        const write = (bytes: Uint8Array) => void got.push(bytes);
        const player = startPlayer({
          broadcast,
          streamId,
          chunkSize: CHUNK_SIZE,
          delay: ms(60_000),
          write,
          onEnd() {},
        });
        const plain = plainPlayer(broadcast, streamId, (bytes) => wanted.push(bytes));
        const seat = { player, plain, got, wanted, paused: false };
        seats.push(seat);
        all.push(seat);
      };
      let time = 0;
      for (const step of ops) {
        if (step.kind === "join") join();
        else if (step.kind === "time") fanOut.flush();
        else if (step.kind === "audio" || step.kind === "video") {
          time += 20;
          const head = step.kind === "audio" ? [0xaf, 1] : [step.isKey ? 0x17 : 0x27, 1, 0, 0, 0];
          const payload = new Uint8Array(head.length + step.size).fill(time);
          payload.set(head);
          broadcast.push(step.kind, time, payload);
        } else {
          const seat = seats[step.seat];
          if (seat === undefined) continue;
          if (step.kind === "pause") {
            seat.paused = !seat.paused;
            seat.player.setPaused(seat.paused);
            seat.plain.setPaused(seat.paused);
          } else {
            // Who leaves has no use for what waits.
            fanOut.flush();
            seat.player.stop();
            seat.plain.stop();
            seats.splice(step.seat, 1);
          }
        }
        most = Math.max(most, seats.length);
      }
      broadcast.end();
      for (const { got, wanted } of all) expect(Buffer.concat(got).equals(Buffer.concat(wanted))).toBe(true);
    }),
    { numRuns: 300 },
  );
  // Or batches were never tried.
  expect(most).toBeGreaterThan(15);
});

test("many players get what comes within a moment in one write; a few get each message at once", () => {
  const writesOf = (players: number) => {
    const broadcast = makeBroadcast();
    let writes = 0;
    for (let i = 0; i < players; i++)
      startPlayer({
        broadcast,
        streamId: 1,
        chunkSize: CHUNK_SIZE,
        delay: ms(60_000),
        write: () => void writes++,
        onEnd() {},
      });
    for (let i = 0; i < 10; i++) broadcast.push("video", i * 40, new Uint8Array([i === 0 ? 0x17 : 0x27, 1, 0, 0, 0]));
    broadcast.end();
    return writes;
  };
  expect(writesOf(4)).toBe(40);
  expect(writesOf(20)).toBe(20);
});
