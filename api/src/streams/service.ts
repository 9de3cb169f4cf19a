import {
  DatabaseError,
  orderRecordingRemoval,
  publishStreamChange,
  queries,
  type StreamState,
  stateOf,
  viewersSet,
} from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { isAdmin, mayManage, requireManager } from "../auth/policy.ts";
import { announceEnd, liveThumbnailOf, playbackOf, viewerOf } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";
import { orNull } from "../text.ts";
import { removePictures } from "../uploads/store.ts";
import { makeBatches } from "../views/batches.ts";
import { readHealth } from "./health.ts";
import type { StreamStatus } from "./model.ts";
import { lastSample } from "./sample.ts";
import { scheduledTime } from "./schedule.ts";

export const MAX_PLANNED = 50;

/** As everyone sees it. */
function present({ armedAt, recording, ...row }: queries.WrittenStream) {
  const state = stateOf({ armedAt, isLive: row.isLive, startedAt: row.startedAt });
  const kept = recordingOf(row.id, recording);
  const { slug, visibility } = row.channel;
  // While it is live its own picture is what it was a while ago.
  const thumbnailUrl = (row.isLive ? liveThumbnailOf(slug, visibility) : null) ?? row.thumbnailUrl;
  return { ...row, thumbnailUrl, state, playback: playing(row, kept), recording: kept };
}

/** Where ingest serves it. */
function recordingOf(streamId: number, recording: queries.WrittenStream["recording"]) {
  if (recording === null) return null;
  const at = (name: string) => (recording.state === "ready" ? `/vod/${streamId}/${name}` : null);
  return { ...recording, hls: at("master.m3u8"), dash: at("manifest.mpd"), download: at("download.mp4") };
}

function playing(row: Pick<queries.WrittenStream, "isLive" | "channel">, kept: ReturnType<typeof recordingOf>) {
  if (row.isLive) return playbackOf(row.channel.slug);
  return kept === null || kept.hls === null || kept.dash === null ? null : { hls: kept.hls, dash: kept.dash };
}

const WHY: Readonly<Record<"scheduledFor" | "isArchived", string>> = {
  scheduledFor: "A stream that has started can't be planned again.",
  isArchived: "Only a stream that is over can be archived.",
};

function refused({ state, field }: { state: StreamState; field: keyof typeof WHY | null }): AppError {
  return new AppError("stream.state", field === null ? `A stream that is ${state} can't be started.` : WHY[field]);
}

interface StreamInput {
  readonly title?: string | undefined;
  readonly description?: string | null | undefined;
  readonly scheduledFor?: string | null | undefined;
  readonly isArchived?: boolean | undefined;
}

export function streamService(services: Services) {
  const { db, bus, now = Date.now } = services;

  /** What anyone may see is read for all who ask at the same time together. */
  const readPublic = makeBatches({
    ask: (ids: readonly number[]) => queries.getPublicStreams(db, ids),
    pause: 0,
    parallel: 2,
    largest: 200,
    maxWaiting: 5_000,
    full: () => new AppError("server.unavailable", "Too many ask at once; try again.", undefined, 1),
  });

  const read = async (actor: Actor | null, id: number) => {
    const row = await (actor === null ? readPublic(id) : queries.getStream(db, id, viewerOf(actor)).then(toJson));
    if (row === null) throw new AppError("stream.not-found");
    return row;
  };
  const get = async (actor: Actor | null, id: number) => present(await read(actor, id));

  /** Throws `auth.forbidden`; where even its existence is private `stream.not-found`. */
  const requireManaged = async (actor: Actor, id: number) => {
    const stream = await queries.streamOwner(db, id);
    const mine = stream !== null && mayManage(actor, stream.userId);
    if (stream === null || (!mine && (stream.visibility === "private" || stream.isDraft)))
      throw new AppError("stream.not-found");
    requireManager(actor, stream.userId);
  };

  /** After a change: tells the bus and gives back what there is now. */
  const done = async (actor: Actor, id: number, outcome: queries.StreamOutcome | null, reason: string) => {
    if (outcome === null) throw new AppError("stream.not-found");
    if (outcome.kind === "refused") throw refused(outcome);
    if (outcome.ended !== null) await announceEnd(services, outcome.ended, reason);
    else await publishStreamChange(bus, "stream.updated", outcome.stream);
    return get(actor, id);
  };

  return {
    get,

    async list(
      actor: Actor | null,
      { limit = DEFAULT_LIMIT, ...rest }: PageQuery & Omit<queries.StreamListRequest, "limit" | "cursor" | "viewer">,
    ) {
      const { items, nextCursor } = await queries.listStreams(db, { ...rest, limit, viewer: viewerOf(actor) });
      return { items: items.map((row) => present(toJson(row))), nextCursor };
    },

    /** A planned stream on a channel. */
    async plan(actor: Actor, channelId: number, { title, description, scheduledFor }: StreamInput & { title: string }) {
      const channel = await queries.channelOwner(db, channelId);
      if (channel === null || (channel.visibility === "private" && !mayManage(actor, channel.userId)))
        throw new AppError("channel.not-found");
      requireManager(actor, channel.userId);
      const plan = { title, description: orNull(description), scheduledFor: scheduledTime(scheduledFor, now()) };
      const id = await queries.planStream(db, channelId, plan, MAX_PLANNED).catch((error) => {
        if (error instanceof DatabaseError && error.code === "database.too-many-streams")
          throw new AppError("stream.limit", error.message);
        throw error;
      });
      if (id === null) throw new AppError("channel.not-found");
      return get(actor, id);
    },

    async update(actor: Actor, id: number, { title, description, scheduledFor, isArchived }: StreamInput) {
      await requireManaged(actor, id);
      const time = scheduledTime(scheduledFor, now());
      const change = { title, description: orNull(description), scheduledFor: time, isArchived };
      return done(actor, id, await queries.updateStream(db, id, change), "");
    },

    /** The next encoder that publishes to the channel takes this stream, even right after a stop. */
    async start(actor: Actor, id: number) {
      await requireManaged(actor, id);
      return done(actor, id, await queries.changeStream(db, id, "start"), "");
    },

    async stop(actor: Actor, id: number) {
      await requireManaged(actor, id);
      const reason = "This broadcast was stopped on the channel's page.";
      return done(actor, id, await queries.changeStream(db, id, "stop"), reason);
    },

    async remove(actor: Actor, id: number): Promise<void> {
      await requireManaged(actor, id);
      const deleted = await queries.deleteStream(db, id);
      if (deleted === null) throw new AppError("stream.not-found");
      await announceEnd(services, deleted.ended, "This stream was deleted.");
      await orderRecordingRemoval(bus, [id]);
      await removePictures(services.uploadsDir, deleted.pictures);
    },

    async status(actor: Actor | null, id: number): Promise<StreamStatus> {
      const { channel, armedAt, recording, ...stream } = await read(actor, id);
      const kept = recordingOf(id, recording);
      const { isLive, startedAt, duration } = stream;
      const [sample, viewers] = isLive
        ? await Promise.all([lastSample(services, id), bus.presence.count(viewersSet(id))])
        : [null, 0];
      const owner = actor === null ? null : await queries.channelOwner(db, channel.id);
      const seesProblems = isAdmin(actor) || (owner !== null && mayManage(actor, owner.userId));
      const uptime = startedAt === null ? null : Math.max(0, Math.floor((now() - Date.parse(startedAt)) / 1000));
      return {
        id,
        state: stateOf({ isLive, startedAt, armedAt }),
        isArchived: stream.isArchived,
        startedAt,
        endedAt: stream.endedAt,
        uptimeSeconds: isLive ? uptime : duration,
        viewers,
        bitrateKbps: sample?.bitrateKbps ?? null,
        fps: sample?.fps ?? null,
        width: sample?.width ?? null,
        height: sample?.height ?? null,
        videoCodec: sample?.videoCodec ?? null,
        audioCodec: sample?.audioCodec ?? null,
        keyframeIntervalSeconds: sample?.keyframeIntervalSeconds ?? null,
        playback: playing({ isLive, channel }, kept),
        recording: kept,
        problems: seesProblems ? (sample?.problems ?? []) : [],
        packaging: seesProblems ? (sample?.packaging ?? null) : null,
        restreams: seesProblems ? (sample?.restreams ?? []) : [],
      };
    },

    /** How it was from beginning to end, for those who manage it. */
    async health(actor: Actor, id: number, query: Parameters<typeof readHealth>[3]) {
      await requireManaged(actor, id);
      return readHealth(services, id, await read(actor, id), query);
    },
  };
}
