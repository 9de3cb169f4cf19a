export { type AudienceOptions, type BusAudience, makeAudience } from "./audience.ts";
export { type BusLinkOptions, ENDED_ELSEWHERE, joinBus } from "./bus-link.ts";
export { makeCovers } from "./covers.ts";
export { type DatabaseGateOptions, makeDatabaseGate } from "./database-gate.ts";
export { type HealthHistory, makeHealthHistory } from "./health-history.ts";
export * from "./node-link.ts";
export { makeOpenGate } from "./open-gate.ts";
export { makeRecordingRegister, workOnRemovals } from "./recording-register.ts";
export { type AddressLookupOptions, makeAddressLookup, makeRestreamTargets } from "./restream-targets.ts";
