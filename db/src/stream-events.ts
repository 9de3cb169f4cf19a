/** What all processes are told about streams. Published once the database has it, by whoever's transaction made it so. */
import type { Bus } from "./bus/bus.ts";
import type { Visibility } from "./model.ts";

/** A stream as the bus names it. */
export interface StreamName {
  readonly streamId: number;
  readonly channelId: number;
  readonly slug: string;
  readonly visibility: Visibility;
}

export interface StreamChange extends StreamName {
  readonly type: "stream.started" | "stream.updated" | "stream.ended";
  /** ISO 8601. */
  readonly at: string;
}

/** Tells every ingest process to end the publisher of a stream, if it has it. */
export interface CutCommand {
  readonly type: "cut";
  readonly streamId: number;
  /** One sentence for the streamer. */
  readonly reason: string;
}

/** Tells the ingest process that has a stream that its channel's restreams have changed: it asks the database for them. */
export interface RestreamsCommand {
  readonly type: "restreams";
  readonly streamId: number;
}

export const STREAMS_TOPIC = "streams";
export const INGEST_TOPIC = "ingest";
export const channelTopic = (channelId: number): string => `channel:${channelId}`;
export const ownerTopic = (streamId: number): string => `owner:${streamId}`;
export const sampleKey = (streamId: number): string => `sample:${streamId}`;
export const VIEWERS_TOPIC = "viewers";
/** Presence set of a live stream's viewers; its members are named by `viewer-identity.ts`. */
export const viewersSet = (streamId: number): string => `viewers:${streamId}`;

/** How many watch a live stream now. */
export interface ViewersChange {
  readonly streamId: number;
  readonly channelId: number;
  readonly viewers: number;
}

/** Job of the API: its data is the id of a stream that has started, for those who follow its channel. */
export const LIVE_NOTICES = "notices.live";

/** Topic `streams` is for everyone: what a private channel does is told on the channel's own topic alone. */
export async function publishStreamChange(bus: Bus, type: StreamChange["type"], stream: StreamName): Promise<void> {
  const { streamId, channelId, slug, visibility } = stream;
  const change: StreamChange = { type, streamId, channelId, slug, visibility, at: new Date().toISOString() };
  const data = JSON.stringify(change);
  // Both at once: a later change of the same stream stays behind this one on either topic.
  await Promise.all([
    visibility === "private" ? undefined : bus.events.publish(STREAMS_TOPIC, data),
    bus.events.publish(channelTopic(channelId), data),
  ]);
  // Whoever follows it hears of it late or never when the bus is away: that is no reason not to be live.
  if (type === "stream.started" && visibility !== "private")
    await bus.jobs.add(LIVE_NOTICES, String(streamId), { id: `${LIVE_NOTICES}.${streamId}` }).catch(() => {});
}

export async function sendCut(bus: Bus, streamId: number, reason: string): Promise<void> {
  const command: CutCommand = { type: "cut", streamId, reason };
  await bus.events.notify(INGEST_TOPIC, JSON.stringify(command));
}

/** Never rejects: what the bus does not take, ingest finds within a minute. */
export async function sendRestreamsChange(bus: Bus, streamId: number): Promise<void> {
  const command: RestreamsCommand = { type: "restreams", streamId };
  await bus.events.notify(INGEST_TOPIC, JSON.stringify(command)).catch(() => {});
}

/** Worth nothing later, so it is not kept. Private channels' counts are on the topic too: whoever passes them on looks who may know. */
export const notifyViewers = (bus: Bus, change: ViewersChange): Promise<void> =>
  bus.events.notify(VIEWERS_TOPIC, JSON.stringify(change));

/** Job of the ingest nodes: its data is the id of a stream that is gone. */
export const RECORDING_REMOVAL = "recordings.delete";

/** Never rejects: what the bus does not take, the next sweep of the ingest nodes finds. */
export async function orderRecordingRemoval(bus: Bus, streamIds: readonly number[]): Promise<void> {
  for (const streamId of streamIds) {
    await bus.jobs.add(RECORDING_REMOVAL, String(streamId), { id: `${RECORDING_REMOVAL}.${streamId}` }).catch(() => {});
  }
}
