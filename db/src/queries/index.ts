export * from "./accounts.ts";
export {
  channelKey,
  findChannelByKey,
  type SealedKeys,
  type StreamKeyUse,
  sealPlainKeys,
  streamKeyOf,
} from "./channel-keys.ts";
export * from "./channel-writes.ts";
export { getChannel, getChannelBySlug, listChannels, type PublicChannel } from "./channels.ts";
export { MAX_LIMIT, type Page, type PageRequest } from "./cursor.ts";
export * from "./documents.ts";
export {
  endStale,
  endStream,
  type GoLiveRequest,
  type GoLiveResult,
  goLive,
  heartbeat,
  recoverNode,
} from "./publishing.ts";
export * from "./sessions.ts";
export { getStream, listStreams, type PublicStream, type StreamListRequest } from "./streams.ts";
