export { channels } from "./channels.ts";
export { documents } from "./documents.ts";
export { statistics } from "./statistics.ts";
export { streamViews } from "./stream-views.ts";
export { streams } from "./streams.ts";
export { users } from "./users.ts";
