export { type DatabaseGateOptions, makeDatabaseGate } from "./database-gate.ts";
export { makeOpenGate } from "./open-gate.ts";
