import { randomBytes } from "node:crypto";

/** A stream key: 192 random bits in base64url (32 characters). The one place where keys are made. */
export const makeStreamKey = (): string => randomBytes(24).toString("base64url");
