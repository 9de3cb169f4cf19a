/** Plays HLS as a client does that looks at everything: all renditions at once, whole segments and parts, blocking reloads where they are offered. */
import { isMultivariant } from "@streamhub/ingest/conformance/hls-multivariant";
import type { ListedSegment, MediaPlaylist, Reference } from "@streamhub/ingest/conformance/hls-playlist";
import type { Inspector } from "@streamhub/ingest/conformance/inspector";
import { resolve } from "@streamhub/ingest/conformance/mpd";
import { keyOf, partsOf, positionOf, prune } from "@streamhub/ingest/conformance/presentation";
import { type Client, type Fetched, isGood, needed } from "./client.ts";

const MAX_PLAYLISTS = 12;
/** A client begins three segments from the end. */
const FIRST_SEGMENTS = 3;
/** Of a recording. */
const MAX_RECORDED = 20;
/** A delta update is compared with the whole playlist once in so many reloads. */
const DELTA_EVERY = 4;
const RETRY_MS = 500;
/** What is remembered of a rendition's fetches. */
const MAX_TAKEN = 1000;
const MAX_HINTED = 8;

interface Session {
  readonly client: Client;
  readonly inspector: Inspector;
  /** Reads the multivariant playlist again. */
  readonly refresh: () => Promise<void>;
}

const textOf = ({ bytes }: Fetched): string => new TextDecoder().decode(bytes);

export async function playHls(
  client: Client,
  inspector: Inspector,
  url: string,
  text: string,
  first: Fetched,
): Promise<void> {
  if (!isMultivariant(text)) {
    await follow({ client, inspector, refresh: async () => {} }, url, first);
    return;
  }
  const { variants, alternatives } = inspector.multivariant(url, text, first.answer);
  // Subtitles are text: no rule is about them.
  const renditions = alternatives.flatMap(({ uri, type }) => (uri === null || type === "SUBTITLES" ? [] : [uri]));
  const uris = [...renditions, ...variants.map(({ uri }) => uri)];
  const all = [...new Set(uris.map((uri) => resolve(uri, url)))];
  if (all.length > MAX_PLAYLISTS) client.notes.add(`Only ${MAX_PLAYLISTS} of ${all.length} renditions were looked at.`);
  const refresh = async (): Promise<void> => {
    const again = await client.get(url);
    if (isGood(again)) inspector.multivariant(url, textOf(again), again.answer);
  };
  await Promise.all(
    all.slice(0, MAX_PLAYLISTS).map(async (uri) => {
      const fetched = await client.get(uri);
      if (client.isOver) return;
      if (isGood(fetched)) await follow({ client, inspector, refresh }, uri, fetched);
      else inspector.failure(uri, "playlist", fetched.answer);
    }),
  );
}

async function follow({ client, inspector, refresh }: Session, uri: string, first: Fetched): Promise<void> {
  let playlist = inspector.reload(uri, needed(uri, first), first.answer);
  const media = makeMedia({ client, inspector, refresh }, uri);
  media.take(playlist, true);
  if (playlist.control?.canBlockReload === true && !playlist.hasEnded) await probe(client, inspector, uri, playlist);
  let count = 0;
  while (!playlist.hasEnded && !client.isOver) {
    const isBlocking = playlist.control?.canBlockReload === true;
    const { msn, part } = positionOf(playlist);
    const wanted = part < 0 ? { msn: msn + 1, part: 0 } : { msn, part: part + 1 };
    const asked = isBlocking ? { msn: wanted.msn, part: playlist.partTarget === null ? null : wanted.part } : null;
    if (!isBlocking) await client.pause((playlist.targetDuration * 1000) / 2);
    if (client.isOver) break;
    const directives: [string, string][] = [];
    if (asked !== null) directives.push(["_HLS_msn", String(asked.msn)]);
    if (asked !== null && asked.part !== null) directives.push(["_HLS_part", String(asked.part)]);
    // A playlist without a segment for three target durations is given up by its server.
    const timeoutMs = (playlist.targetDuration * 3 + 5) * 1000;
    const withDelta = playlist.control?.canSkipUntil != null && count++ % DELTA_EVERY === 0;
    const [whole, delta] = await Promise.all([
      client.get(withQuery(uri, directives), { timeoutMs }),
      withDelta ? client.get(withQuery(uri, [...directives, ["_HLS_skip", "YES"]]), { timeoutMs }) : null,
    ]);
    if (whole.error !== null && client.isOver) break;
    if (!isGood(whole)) {
      const { status, sentAt, receivedAt } = whole.answer;
      const isGivenUp = status === 503 && receivedAt - sentAt > playlist.targetDuration * 2500;
      if (!isGivenUp) inspector.failure(uri, isBlocking ? "blocking" : "playlist", whole.answer);
      await client.pause(RETRY_MS);
      continue;
    }
    playlist = inspector.reload(uri, textOf(whole), whole.answer, asked);
    // A server that says it blocks and does not is not asked without end.
    const { msn: isMsn, part: isPart } = positionOf(playlist);
    const isUnchanged = isMsn === msn && isPart === part;
    if (isBlocking && isUnchanged) await client.pause(RETRY_MS);
    if (delta !== null && isGood(delta)) inspector.delta(uri, textOf(delta), textOf(whole));
    media.take(playlist, false);
    if (playlist.targetDuration === 0) await client.pause(RETRY_MS);
  }
  const now = Date.now();
  const answer = { ...first.answer, sentAt: now, receivedAt: now } as typeof first.answer;
  inspector.leave(uri, answer);
  await media.done();
}

/** What is fetched of one rendition, one after the other, beside the reloads. */
function makeMedia({ client, inspector, refresh }: Session, uri: string) {
  let queue: Promise<void> = Promise.resolve();
  const maps = new Set<string>();
  const taken = { segment: -1, parts: new Set<string>(), removed: new Set<number>() };
  /** Hinted parts that were asked for before they were listed. */
  const hinted = new Map<string, Promise<Fetched>>();

  async function fetchOf(reference: Reference): Promise<Fetched> {
    const early = await hinted.get(keyOf(reference));
    // What was asked for before its time may have been given up.
    if (early !== undefined && isGood(early)) return early;
    return client.get(resolve(reference.uri, uri), { range: reference.range });
  }
  const later = (work: () => Promise<void>): void => {
    queue = queue.then(() => (client.isOver ? undefined : work()));
  };

  async function map(reference: Reference | null): Promise<void> {
    if (reference === null || maps.has(keyOf(reference))) return;
    maps.add(keyOf(reference));
    const fetched = await fetchOf(reference);
    if (client.isOver) return;
    if (!isGood(fetched)) return inspector.failure(resolve(reference.uri, uri), "init", fetched.answer);
    // Another picture is said by a newer multivariant playlist.
    if (maps.size > 1) await refresh();
    inspector.init(uri, reference, fetched.bytes, fetched.answer);
  }

  async function segment(listed: ListedSegment): Promise<void> {
    await map(listed.map);
    const fetched = await fetchOf(listed);
    if (client.isOver) return;
    if (!isGood(fetched)) return inspector.failure(resolve(listed.uri, uri), "segment", fetched.answer);
    const { container } = inspector.segment(uri, listed, fetched.bytes, fetched.answer);
    if (listed.encryption !== null)
      client.notes.add(`Segments are encrypted (${listed.encryption}): what is in them was not looked at.`);
    else if (container !== "fmp4")
      client.notes.add("Segments are not fragmented MP4: timestamps, durations and codecs in them were not looked at.");
  }

  /** Those that have to be there for a moment yet. */
  async function removed(): Promise<void> {
    const now = Date.now() as Fetched["answer"]["sentAt"];
    for (const { segment: gone, until } of inspector.removed(uri, now)) {
      const left = until - Date.now();
      if (taken.removed.has(gone.number) || left > 3000 || left < 500) continue;
      taken.removed.add(gone.number);
      prune(taken.removed, MAX_TAKEN);
      const fetched = await client.get(resolve(gone.uri, uri), { range: gone.range });
      if (client.isOver || fetched.answer.receivedAt > until) return;
      inspector.removedAnswer(uri, gone, fetched.answer);
    }
  }

  return {
    take(playlist: MediaPlaylist, isFirst: boolean): void {
      const { segments } = playlist;
      const fresh = segments.filter(({ number, isGap }) => number > taken.segment && !isGap);
      const whole = playlist.hasEnded ? fresh.slice(0, MAX_RECORDED) : isFirst ? fresh.slice(-FIRST_SEGMENTS) : fresh;
      taken.segment = segments.at(-1)?.number ?? taken.segment;
      // What was listed before we came is fetched as whole segments.
      for (const place of partsOf(playlist)) {
        const key = keyOf(place.part);
        if (taken.parts.has(key)) continue;
        taken.parts.add(key);
        prune(taken.parts, MAX_TAKEN);
        if ((isFirst && place.number <= taken.segment) || place.part.isGap) continue;
        later(async () => {
          const listed = segments.find(({ number }) => number === place.number);
          await map((listed ?? playlist.edge).map);
          const fetched = await fetchOf(place.part);
          hinted.delete(key);
          if (client.isOver) return;
          if (isGood(fetched)) inspector.part(uri, place, fetched.bytes, fetched.answer);
          else inspector.failure(resolve(place.part.uri, uri), "part", fetched.answer);
        });
      }
      for (const hint of playlist.hints) {
        if (hint.type !== "PART" || hint.range !== null || hinted.has(keyOf(hint)) || client.isOver) continue;
        const timeoutMs = (playlist.targetDuration * 3 + 5) * 1000;
        hinted.set(keyOf(hint), client.get(resolve(hint.uri, uri), { timeoutMs }));
        prune(hinted, MAX_HINTED);
      }
      for (const each of whole) later(() => segment(each));
      later(removed);
    },
    async done(): Promise<void> {
      await queue;
    },
  };
}

/** What a client may ask by mistake. */
async function probe(client: Client, inspector: Inspector, uri: string, playlist: MediaPlaylist): Promise<void> {
  const last = positionOf(playlist).msn;
  const cases = [
    ["_HLS_part alone", [["_HLS_part", "0"]]],
    ["_HLS_msn far ahead", [["_HLS_msn", String(last + 100)]]],
  ] as const;
  for (const [what, query] of cases) {
    const fetched = await client.get(withQuery(uri, query), { timeoutMs: 5000 });
    if (!client.isOver) inspector.probe(uri, what, 400, fetched.answer);
  }
  const missing = resolve("no-such-segment.m4s", uri);
  const fetched = await client.get(missing);
  if (!client.isOver) inspector.failure(missing, "probe", fetched.answer);
}

function withQuery(uri: string, query: readonly (readonly [string, string])[]): string {
  const url = new URL(uri);
  for (const [name, value] of query) url.searchParams.set(name, value);
  return url.href;
}
