/** Mutated sessions against session, FLV readers and GOP cache: events or a WireError, in memory that follows the input. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { ms } from "../../src/bytes/units.ts";
import { encodeFlvTag } from "../../src/flv/mux.ts";
import { LiveBroadcast } from "../../src/live/broadcast.ts";
import { NOBODY } from "../../src/live/testing/nobody.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../../src/rtmp/limits.ts";
import { runSession } from "../run-session.ts";
import { connect, HANDSHAKE } from "../server/peer-bytes.ts";
import { concat } from "../vectors/wire.ts";
import { amfSoup } from "./amf-soup.ts";
import { makeRandom, mutate, pieces, type Random } from "./mutate.ts";
import { fuzzSeeds } from "./seeds.ts";

setDefaultTimeout(300_000);

const SESSIONS = 100_000;
const FIRST_SEED = 1;
const FLV_TYPE = { audio: 8, video: 9, script: 18 } as const;

function session(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const base = seeds[random(seeds.length)]!;
  const other = seeds[random(seeds.length)]!;
  if (random(10) === 0) return concat(HANDSHAKE, connect(), amfSoup(random), amfSoup(random));
  // One in ten has its handshake damaged too; for the others the damage is where the states are.
  return random(10) === 0
    ? mutate(concat(HANDSHAKE, base), other, random)
    : concat(HANDSHAKE, mutate(base, other, random));
}

function run(bytes: Uint8Array, random: Random): string {
  const broadcast = new LiveBroadcast({
    slug: "fuzz",
    streamId: null,
    visibility: "public",
    latency: "standard",
    startedAt: ms(0),
    publisher: NOBODY,
    gopLimits: { maxBytes: 4_096, maxTags: 16, maxTracks: 4 },
  });
  broadcast.subscribe({
    onTag: (tag) => void encodeFlvTag(FLV_TYPE[tag.kind], tag.timestamp, tag.payload),
    onEnd: () => {},
  });
  let fed = 0;
  const { code, output, lines } = runSession(
    pieces(bytes, random).map((piece) => {
      fed += piece.length;
      return piece;
    }),
    {
      answerAfter: random(3),
      onEvent: (event) => event.type === "media" && broadcast.push(event.kind, event.timestamp, event.payload),
      afterPiece: (live) => {
        // A message's buffer is at most twice what has come, and each chunk stream may round up once.
        if (live.unfinishedBytes > 2 * fed + 4_096 * LIMITS.maxChunkStreams)
          throw new Error("reserved out of proportion");
      },
    },
  );
  // The longest answer to the shortest question: an error object for a call.
  if (output.length > 8_192 + 16 * bytes.length) throw new Error(`answered ${output.length} bytes to ${bytes.length}`);
  if (broadcast.stats.gopBytes > 4_096) throw new Error("GOP cache over its limit");
  return code ?? (lines.length > 0 ? "events" : "nothing");
}

test(`${SESSIONS} mutated sessions end in events or a WireError`, async () => {
  const seeds = await fuzzSeeds();
  const ends = new Map<string, number>();
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let most = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SESSIONS; seed++) {
    const random = makeRandom(seed);
    const bytes = session(seeds, random);
    try {
      const end = run(bytes, random);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      const file = `${import.meta.dir}/../corpus/fuzz-${seed}.bin`;
      await Bun.write(file, bytes);
      throw new Error(`seed ${seed} (kept as ${file}; rename it after its cause)`, { cause: error });
    }
    if (seed % 10_000 === 0) most = Math.max(most, process.memoryUsage.rss() - before);
  }
  expect(most).toBeLessThan(300 * 1024 * 1024);
  // Damage that never goes deep would prove nothing.
  expect(ends.get("events") ?? 0).toBeGreaterThan(SESSIONS / 20);
  for (const code of [
    "amf.truncated",
    "chunk.no-previous-header",
    "message.too-large",
    "command.out-of-order",
    "handshake.version",
  ])
    expect(ends.get(code) ?? 0).toBeGreaterThan(0);
});
