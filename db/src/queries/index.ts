export * from "./accounts.ts";
export * from "./api-tokens.ts";
export * from "./audit-log.ts";
export {
  type ChannelChange,
  channelOwner,
  type DeletedChannel,
  deleteChannel,
  type NewKey,
  regenerateStreamKey,
  updateChannel,
} from "./channel-changes.ts";
export {
  channelForEncoder,
  channelKey,
  findChannelByKey,
  keysAreForeign,
  type SealedKeys,
  type StreamKeyUse,
  sealPlainKeys,
  streamKeyOf,
} from "./channel-keys.ts";
export type { ChannelSettings } from "./channel-settings.ts";
export * from "./channel-writes.ts";
export {
  CHANNEL_SORTS,
  type ChannelListRequest,
  type ChannelSort,
  getChannel,
  getChannelBySlug,
  isId,
  listChannels,
  type PublicChannel,
} from "./channels.ts";
export * from "./chat-messages.ts";
export * from "./chat-order.ts";
export * from "./credentials.ts";
export { MAX_LIMIT, type Page, type PageRequest } from "./cursor.ts";
export * from "./documents.ts";
export * from "./follows.ts";
export * from "./holders.ts";
export * from "./idempotency.ts";
export * from "./live-notices.ts";
export * from "./mail-notices.ts";
export * from "./password-resets.ts";
export * from "./pictures.ts";
export * from "./playback-quality.ts";
export * from "./pool.ts";
export * from "./profiles.ts";
export { getPublicStreams, type WrittenStream } from "./public-streams.ts";
export {
  endStale,
  endStream,
  type GoLiveRequest,
  type GoLiveResult,
  goLive,
  heartbeat,
  recoverNode,
} from "./publishing.ts";
export * from "./push-subscriptions.ts";
export * from "./recordings.ts";
export * from "./restreams.ts";
export * from "./sessions.ts";
export * from "./settings.ts";
export * from "./statistics.ts";
export type { ChannelScope, DayRange } from "./statistics-days.ts";
export { type RollUpResult, rollUpStatistics } from "./statistics-rollup.ts";
export * from "./stream-changes.ts";
export * from "./stream-health.ts";
export * from "./stream-statistics.ts";
export {
  getStream,
  listStreams,
  type PublicStream,
  STREAM_LISTS,
  STREAM_SORTS,
  type StreamList,
  type StreamListRequest,
  type StreamSort,
} from "./streams.ts";
export type { Viewer } from "./viewer.ts";
export * from "./views.ts";
export * from "./webhook-deliveries.ts";
export * from "./webhooks.ts";
