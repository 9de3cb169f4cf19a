/** Ingest as one value: the RTMP listeners, the live broadcasts, their packaging and its delivery, wired together. */
import { join } from "node:path";
import type { Registry as PromRegistry } from "prom-client";
import { ms } from "./bytes/units.ts";
import { type CallbackSettings, makeCallbacks } from "./callbacks/callbacks.ts";
import { withAudience } from "./delivery/audience.ts";
import { makeDelivery } from "./delivery/delivery.ts";
import { makeDownload } from "./delivery/download.ts";
import type { MediaSockets } from "./delivery/live-sockets.ts";
import { withTraces } from "./delivery/traced.ts";
import { makeVod } from "./delivery/vod.ts";
import { deliveryMetrics } from "./delivery-metrics.ts";
import { makePlayback } from "./live/playback.ts";
import type {
  AddressLookup,
  Audience,
  Gate,
  Log,
  PlaybackTokens,
  RemuxerChoice,
  RestreamTargets,
  Siblings,
} from "./live/ports.ts";
import { Registry, type RegistryListener } from "./live/registry.ts";
import type { Tracer } from "./live/trace.ts";
import type { PackagingStats } from "./packaging.ts";
import { type CoverSink, makePackagings } from "./packagings.ts";
import { pictureMetrics } from "./picture-metrics.ts";
import { makeDrawer } from "./pictures/drawer.ts";
import { type Downloads, makeDownloads } from "./recording/downloads.ts";
import { SCRATCH } from "./recording/names.ts";
import { openRecordings, type RecordingsOptions } from "./recording/recordings.ts";
import { DEFAULT_RETENTION } from "./recording/retention.ts";
import { recordingMetrics } from "./recording-metrics.ts";
import type { Ffmpeg } from "./remux/ffmpeg-probe.ts";
import type { RelayStatus } from "./restream/relay.ts";
import { makeRestreams } from "./restream/restreams.ts";
import { limitsWith } from "./server/limits.ts";
import { type RtmpServer, startRtmpServer } from "./server/listener.ts";
import { makeServerMetrics } from "./server/metrics.ts";
import { makeStat } from "./stat.ts";

export interface IngestOptions {
  readonly host: string;
  readonly rtmpPort: number;
  readonly tls?: { readonly port: number; readonly cert: string; readonly key: string } | undefined;
  /** Peers that send a PROXY header (`server/listener.ts`); default nobody. */
  readonly isProxy?: ((address: string) => boolean) | undefined;
  /** What one customer of a provider has, of an address (`server/listener.ts`); default the address itself. */
  readonly networkOf?: (address: string) => string;
  /** Application names that `connect` may give; null accepts any. */
  readonly apps: readonly string[] | null;
  readonly gate: Gate;
  readonly log: Log;
  readonly metrics: PromRegistry;
  /** Limits that differ from their defaults, by name (`server/limits.ts`). */
  readonly limits?: Readonly<Record<string, number>>;
  /** null: no remux and no delivery, RTMP only. */
  readonly ffmpeg: Ffmpeg | null;
  /** Default `auto`. */
  readonly remuxer?: RemuxerChoice;
  /** Without: no media over WebSocket. */
  readonly sockets?: MediaSockets;
  /** Checks the tokens of those who watch what is private; default: nobody may. */
  readonly playback?: PlaybackTokens | null;
  /** Default: nothing is recorded, nor rewound beyond what is in memory. */
  readonly recordings?:
    | (Omit<RecordingsOptions, "log" | "onStopped" | "onRemoved" | "downloads"> & {
        /** Folder for files that can be made again. */
        readonly cacheDir: string;
      })
    | null;
  /** Draws thumbnails and storyboards; null: none. Default: they are drawn. `processors`: of how many they may have their share; default all. */
  readonly pictures?: { readonly onCover?: CoverSink; readonly processors?: number } | null;
  /** Other services that broadcasts are sent on to; default none. */
  readonly restreams?: { readonly targets: RestreamTargets; readonly lookup: AddressLookup } | null;
  /** Programs of the operator that are asked and told of who publishes and plays over RTMP; default none. */
  readonly callbacks?: CallbackSettings | null;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | null;
  /** Told of those who watch; default nobody. */
  readonly audience?: Audience | null;
  /** Other processes that listen on the same RTMP ports; default none. */
  readonly siblings?: Siblings | null;
}

export interface PackagingHealth extends Pick<PackagingStats, "state" | "failure" | "ladder"> {
  /** Times that our own output broke a rule of HLS or DASH. */
  readonly violations: number;
}

export interface Ingest {
  readonly rtmpPort: number;
  readonly rtmpsPort: number | null;
  /** Answers for /live/… and /vod/…; null for every other path. `address`: the client's. */
  handle(request: Request, address?: string): Response | Promise<Response> | null;
  /** Tells of broadcasts that start and end from now on. */
  listen(listener: RegistryListener): void;
  /** Ends the publisher of a stream, if it is live here. */
  cut(streamId: number, reason: string): void;
  /** How the media of a stream that is live here is made ready for viewers; null when it is not. */
  packaging(streamId: number): PackagingHealth | null;
  /** How the services get it that a stream which is live here is sent on to. */
  restreams(streamId: number): readonly RelayStatus[];
  /** Which services those are has changed. */
  reloadRestreams(streamId: number): void;
  /** Removes what is recorded of a stream, and stops recording it. Rejects while the storage is away. */
  removeRecording(streamId: number): Promise<void>;
  /** Call it once before the first broadcast: finishes the recordings that a crash has left. Returns how many can be played now. */
  recoverRecordings(): Promise<number>;
  /** What is live here, as nginx-rtmp's `/stat` says it: XML. With addresses of publishers and private channels: for operators. */
  stat(): string;
  /** Takes nobody new, asks publishers to go elsewhere, and resolves when none is left or `limitMs` is over. Media are delivered as before. */
  drain(limitMs: number): Promise<void>;
  /** Publishers first, then their packaging and their recordings; bounded. */
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 3_000;
const STAT_EVERY_MS = 1_000;
const DRAIN_LOOK_MS = 100;

/** Throws LimitError, and what `Bun.listen` throws when a port can't be opened. */
export function startIngest(options: IngestOptions): Ingest {
  const { host, rtmpPort, tls, apps, gate, log } = options;
  const registry = new Registry();
  let server: RtmpServer | null = null;
  const metrics = makeServerMetrics(options.metrics, {
    connections: () => server?.connections() ?? 0,
    broadcasts: () => registry.size,
    gopBytes: () => [...registry.all()].reduce((sum, broadcast) => sum + broadcast.stats.gopBytes, 0),
  });
  const { audience = null } = options;
  const playback = makePlayback(options.playback ?? null);
  const delivery = makeDelivery({
    playback,
    find: (slug) => registry.find(slug),
    ...(options.sockets === undefined ? {} : { sockets: options.sockets }),
    onWatching(slug, request, address) {
      const streamId = registry.find(slug)?.streamId ?? null;
      if (streamId !== null) audience?.saw(streamId, request, address);
    },
  });
  deliveryMetrics(options.metrics, delivery, playback);
  const counters = recordingMetrics(options.metrics, () => recordings?.stats ?? null);
  const downloads = options.recordings && options.ffmpeg ? downloadsOf(options.recordings, options.ffmpeg, log) : null;
  const recordings = options.recordings ? openRecordings({ ...options.recordings, downloads, ...counters, log }) : null;
  const vod =
    recordings === null
      ? null
      : makeVod({
          recordings,
          playback,
          ...(downloads === null ? {} : { download: makeDownload(downloads) }),
          onWatching: (streamId, request, address) => audience?.saw(streamId, request, address),
        });
  const { pictures = {} } = options;
  const drawer =
    options.ffmpeg === null || pictures === null
      ? null
      : makeDrawer({
          path: options.ffmpeg.path,
          ...(pictures?.processors === undefined ? {} : { processors: pictures.processors }),
        });
  if (drawer !== null) pictureMetrics(options.metrics, drawer);
  const packagings =
    options.ffmpeg === null
      ? null
      : makePackagings({
          ffmpeg: options.ffmpeg,
          remuxer: options.remuxer ?? "auto",
          delivery,
          recordings,
          pictures: drawer === null ? null : { drawer, onCover: pictures?.onCover ?? null },
          metrics: options.metrics,
          log,
        });
  if (packagings !== null) registry.listen(packagings);
  const restreams = options.restreams ? makeRestreams({ ...options.restreams, metrics: options.metrics, log }) : null;
  if (restreams !== null) registry.listen(restreams);
  const stat = makeStat(registry);
  const callbacks = options.callbacks ? makeCallbacks({ ...options.callbacks, metrics: options.metrics, log }) : null;
  const limits = limitsWith(options.limits ?? {});
  server = startRtmpServer({
    host,
    port: rtmpPort,
    ...(tls ? { tls } : {}),
    ...(options.isProxy ? { isProxy: options.isProxy } : {}),
    ...(options.networkOf ? { networkOf: options.networkOf } : {}),
    siblings: options.siblings ?? null,
    apps,
    gate,
    callbacks,
    registry,
    playback,
    limits,
    metrics,
    log,
    ...(options.tracer ? { tracer: options.tracer } : {}),
  });

  const ticking = setInterval(stat.tick, STAT_EVERY_MS);
  const live = withAudience(delivery.handle, (slug) => registry.find(slug), audience);

  return {
    rtmpPort: server.port,
    rtmpsPort: server.tlsPort,
    handle: withTraces(
      (request, address) => live(request, address) ?? vod?.handle(request, address) ?? null,
      options.tracer ?? null,
    ),
    listen: (listener) => registry.listen(listener),
    cut(streamId, reason) {
      for (const broadcast of [...registry.all()]) {
        if (broadcast.streamId !== streamId) continue;
        if (broadcast.publisher === null) registry.end(broadcast, ms(Date.now()));
        else broadcast.refuse("publish.cut", reason);
      }
    },
    packaging(streamId) {
      const stats = packagings?.statsOf(streamId) ?? null;
      if (stats === null) return null;
      return { state: stats.state, failure: stats.failure, violations: stats.conformance.must, ladder: stats.ladder };
    },
    restreams: (streamId) => restreams?.statusOf(streamId) ?? [],
    reloadRestreams: (streamId) => restreams?.reload(streamId),
    removeRecording: async (streamId) => recordings?.remove(streamId),
    recoverRecordings: async () => recordings?.recover() ?? 0,
    stat: stat.xml,
    async drain(limitMs) {
      server.drain();
      const deadline = performance.now() + limitMs;
      const isBusy = () => registry.size > 0 || server.handedOver() > 0;
      while (isBusy() && performance.now() < deadline) await Bun.sleep(DRAIN_LOOK_MS);
    },
    async stop() {
      clearInterval(ticking);
      await server.stop(STOP_GRACE_MS);
      await callbacks?.stop();
      restreams?.stop();
      await packagings?.stop();
      await drawer?.stop();
      await recordings?.stop();
      delivery.stop();
    },
  };
}

function downloadsOf(recordings: NonNullable<IngestOptions["recordings"]>, ffmpeg: Ffmpeg, log: Log): Downloads {
  const { storage, scratch, cacheDir, retention } = recordings;
  return makeDownloads({
    storage,
    ffmpegPath: ffmpeg.path,
    folder: join(cacheDir, "downloads"),
    free: () => scratch.free(SCRATCH),
    minFreeBytes: retention?.minFreeBytes ?? DEFAULT_RETENTION.minFreeBytes,
    log,
  });
}
