import { ms } from "../../bytes/units.ts";
import type { Publisher } from "../broadcast.ts";

/** A publisher without a connection, for tests that push media themselves. */
export const NOBODY: Publisher = { address: "192.0.2.1", lastSeen: ms(0), refuse() {} };
