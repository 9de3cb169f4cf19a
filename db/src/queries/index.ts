export * from "./accounts.ts";
export { getChannel, getChannelBySlug, listChannels, type PublicChannel } from "./channels.ts";
export { MAX_LIMIT, type Page, type PageRequest } from "./cursor.ts";
export * from "./documents.ts";
export * from "./publishing.ts";
export * from "./sessions.ts";
export { getStream, listStreams, type PublicStream, type StreamListRequest } from "./streams.ts";
