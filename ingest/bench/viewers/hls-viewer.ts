/** One conforming HLS or LL-HLS player: blocking reloads, delta updates, parts, preload hints, a rate for each segment. */

import { readMediaPlaylist } from "../../src/conformance/hls-media.ts";
import {
  isMultivariant,
  type MultivariantPlaylist,
  readMultivariantPlaylist,
} from "../../src/conformance/hls-multivariant.ts";
import type { ListedSegment, MediaPlaylist } from "../../src/conformance/hls-playlist.ts";
import { resolve } from "../../src/conformance/mpd.ts";
import { keyOf, positionOf, prune } from "../../src/conformance/presentation.ts";
import type { BufferModel } from "./buffer-model.ts";
import { isAfter, type Piece, piecesOf, startOf } from "./hls-start.ts";
import type { Got } from "./requests.ts";
import { chooseRate, clockOf, Gone, pause, Throughput, type Viewer } from "./viewer.ts";

const RETRY_MS = 500;
const MAX_KNOWN = 500;
/** A player does not fetch without end what it can't show soon. */
const MOST_AHEAD_S = 30;
const textOf = ({ bytes }: Got): string => new TextDecoder().decode(bytes);

/** Plays until the signal; rejects with Gone when there is nothing to play any more. Resolves at the end of the broadcast. */
export async function watchHls(viewer: Viewer): Promise<void> {
  const { requests, inspector, url, signal } = viewer;
  const first = await requests.get(url, "multivariant");
  if (signal.aborted) return;
  if (first.problem !== null) throw new Gone(first.problem);
  const text = textOf(first);
  if (!text.startsWith("#EXTM3U")) throw new Gone("answered with what is no HLS playlist");
  if (!isMultivariant(text)) {
    await makeRendition(viewer, viewer.startModel(1, 0.1), 0, [{ uri: first.url, bandwidth: 0 }], true).play();
    return;
  }
  if (inspector !== null) inspector.multivariant(first.url, text, first.answer);
  const { variants, audio } = renditionsOf(readMultivariantPlaylist(text), first.url);
  if (variants.length === 0) throw new Gone("the multivariant playlist lists nothing");
  const model = viewer.startModel(audio === null ? 1 : 2, 0.1);
  const all = [makeRendition(viewer, model, 0, variants, true)];
  if (audio !== null) all.push(makeRendition(viewer, model, 1, [{ uri: audio, bandwidth: 0 }], false));
  await Promise.all(all.map((each) => each.play()));
}

interface Rate {
  readonly uri: string;
  readonly bandwidth: number;
}

function renditionsOf({ variants, alternatives }: MultivariantPlaylist, base: string) {
  const rates = variants
    .map(({ uri, bandwidth }): Rate => ({ uri: resolve(uri, base), bandwidth: bandwidth ?? 0 }))
    .sort((a, b) => a.bandwidth - b.bandwidth);
  const group = variants[0]?.groups.get("AUDIO");
  const sounds = alternatives.filter(({ type, group: of, uri }) => type === "AUDIO" && of === group && uri !== null);
  const sound = sounds.find(({ isDefault }) => isDefault) ?? sounds[0];
  return { variants: rates, audio: sound === undefined ? null : resolve(sound.uri!, base) };
}

function makeRendition(viewer: Viewer, model: BufferModel, track: number, rates: readonly Rate[], isVideo: boolean) {
  const { requests, reporter, inspector, signal, abr, patienceMs } = viewer;
  const throughput = new Throughput();
  const known = new Map<number, ListedSegment>();
  const hinted = new Map<string, Promise<Got>>();
  const maps = new Set<string>();
  let rate = abr === "high" ? rates.length - 1 : 0;
  /** The piece that was fetched last. */
  let last: Pick<Piece, "number" | "index"> | null = null;
  let newestAt = performance.now();

  const uriOf = (): string => rates[rate]!.uri;
  const learn = (playlist: MediaPlaylist): MediaPlaylist => {
    for (const segment of playlist.segments) known.set(segment.number, segment);
    prune(known, MAX_KNOWN);
    return playlist;
  };

  async function first(): Promise<MediaPlaylist> {
    const got = await requests.get(uriOf(), "playlist");
    if (got.problem !== null) throw new Gone(got.problem);
    const text = textOf(got);
    if (!text.startsWith("#EXTM3U")) throw new Gone("answered with what is no HLS playlist");
    inspector?.reload(uriOf(), text, got.answer);
    return learn(readMediaPlaylist(text));
  }

  /** The next state of the playlist; null: it did not come. */
  async function reload(before: MediaPlaylist): Promise<MediaPlaylist | null> {
    const isBlocking = before.control?.canBlockReload === true;
    const url = new URL(uriOf());
    const { msn, part } = positionOf(before);
    const asked = part < 0 ? { msn: msn + 1, part: 0 } : { msn, part: part + 1 };
    if (isBlocking) url.searchParams.set("_HLS_msn", String(asked.msn));
    if (isBlocking && before.partTarget !== null) url.searchParams.set("_HLS_part", String(asked.part));
    const isDelta = before.control?.canSkipUntil != null && inspector === null;
    if (isDelta) url.searchParams.set("_HLS_skip", "YES");
    const timeoutMs = (before.targetDuration * 3 + 5) * 1_000;
    const got = await requests.get(url.href, isBlocking ? "blocking" : "playlist", { timeoutMs });
    if (got.problem !== null) return null;
    const text = textOf(got);
    const directives = isBlocking ? { msn: asked.msn, part: before.partTarget === null ? null : asked.part } : null;
    inspector?.reload(uriOf(), text, got.answer, directives);
    return learn(readMediaPlaylist(text, (number) => known.get(number)));
  }

  async function map(piece: Piece): Promise<void> {
    if (piece.map === null) return;
    const key = `${uriOf()} ${keyOf(piece.map)}`;
    if (maps.has(key)) return;
    maps.add(key);
    const got = await requests.get(resolve(piece.map.uri, uriOf()), "init", { range: piece.map.range });
    if (got.problem === null) inspector?.init(uriOf(), piece.map, got.bytes, got.answer);
  }

  async function take(piece: Piece): Promise<void> {
    await map(piece);
    const key = keyOf(piece.reference);
    const early = await hinted.get(key);
    hinted.delete(key);
    const uri = resolve(piece.reference.uri, uriOf());
    const from = performance.now();
    const got = early?.problem === null ? early : await requests.get(uri, piece.kind, { range: piece.reference.range });
    if (signal.aborted) return;
    if (got.problem !== null) {
      viewer.missed(got.problem);
      return;
    }
    if (early?.problem !== null) throughput.add(got.bytes.length, performance.now() - from);
    const clock = isVideo ? clockOf(got.bytes) : null;
    if (clock !== null) reporter.observe("arrival_ms", Date.now() - clock);
    model.add(track, piece.seconds, clock ?? piece.dateTime, performance.now());
    if (inspector === null) return;
    const listed = known.get(piece.number);
    if (piece.kind === "segment" && listed !== undefined) inspector.segment(uriOf(), listed, got.bytes, got.answer);
    else if (piece.kind === "part")
      inspector.part(
        uriOf(),
        { number: piece.number, index: piece.index, part: piece.reference as ListedSegment["parts"][number] },
        got.bytes,
        got.answer,
      );
  }

  function hint(playlist: MediaPlaylist): void {
    for (const each of playlist.hints) {
      const key = keyOf(each);
      if (each.type !== "PART" || each.range !== null || hinted.has(key)) continue;
      const timeoutMs = (playlist.targetDuration * 3 + 5) * 1_000;
      hinted.set(key, requests.get(resolve(each.uri, uriOf()), "part", { timeoutMs }));
      prune(hinted, 8);
    }
  }

  async function consume(playlist: MediaPlaylist): Promise<void> {
    for (const piece of piecesOf(playlist)) {
      if (signal.aborted) return;
      if (last !== null && !isAfter(piece, last)) continue;
      newestAt = performance.now();
      if (last !== null && piece.number > last.number + 1)
        reporter.count("skipped_segments", piece.number - last.number - 1);
      last = { number: piece.number, index: piece.index };
      await take(piece);
      while (model.ahead > MOST_AHEAD_S && !signal.aborted) {
        await pause(RETRY_MS, signal);
        model.advance(performance.now());
      }
      newestAt = performance.now();
    }
  }

  /** Another rate, where its playlist goes on with the same numbers. */
  async function adapt(playlist: MediaPlaylist): Promise<MediaPlaylist> {
    if (rates.length < 2 || playlist.edge.parts.length > 0) return playlist;
    const wanted = chooseRate(
      abr,
      rates.map(({ bandwidth }) => bandwidth),
      throughput,
    );
    if (wanted === rate) return playlist;
    const before = rate;
    rate = wanted;
    const next = await first().catch(() => null);
    if (next?.segments.some(({ number }) => number === last?.number) === true) {
      reporter.count("switches");
      return next;
    }
    rate = before;
    return playlist;
  }

  return {
    async play(): Promise<void> {
      let playlist = await first();
      for (let start = startOf(playlist, isVideo); !signal.aborted; start = startOf(playlist, isVideo)) {
        if (start !== null) {
          const { number, index } = start.first;
          // As if the piece before the first had been the last.
          last = index < 0 ? { number: number - 1, index: -1 } : { number, index: index - 1 };
          if (index === 0) last = { number: number - 1, index: -1 };
          model.begin(track, start.skip);
          break;
        }
        if (performance.now() - newestAt > patienceMs) throw new Gone("the playlist stays empty");
        await pause(RETRY_MS, signal);
        playlist = (await reload(playlist)) ?? playlist;
      }
      for (;;) {
        hint(playlist);
        const fetching = consume(playlist);
        if (playlist.hasEnded) {
          await fetching;
          return;
        }
        const isBlocking = playlist.control?.canBlockReload === true;
        if (!isBlocking) await Promise.all([fetching, pause(playlist.targetDuration * 500, signal)]);
        if (signal.aborted) return;
        const [next] = await Promise.all([reload(playlist), fetching]);
        if (signal.aborted) return;
        if (performance.now() - newestAt > patienceMs) throw new Gone("nothing new came for too long");
        if (next === null) await pause(RETRY_MS, signal);
        // A server that says it blocks and does not is not asked without end.
        else if (isBlocking && positionsAreEqual(next, playlist)) await pause(RETRY_MS, signal);
        playlist = next === null ? playlist : await adapt(next);
      }
    },
  };
}

function positionsAreEqual(a: MediaPlaylist, b: MediaPlaylist): boolean {
  const [one, other] = [positionOf(a), positionOf(b)];
  return one.msn === other.msn && one.part === other.part;
}
