export { channels } from "./channels.ts";
export { documentAcceptances, documents, documentVersions } from "./documents.ts";
export { idempotencyKeys } from "./idempotency-keys.ts";
export { refreshTokens, sessions } from "./sessions.ts";
export { statistics } from "./statistics.ts";
export { streamMinutes } from "./stream-minutes.ts";
export { streamViews } from "./stream-views.ts";
export { streams } from "./streams.ts";
export { users } from "./users.ts";
