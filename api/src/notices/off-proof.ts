/** Shows that a letter to its owner is where an address to turn letters off came from: whoever has the letter may, signed in or not. */
import { createHmac, timingSafeEqual } from "node:crypto";

export const offProof = (secret: string, userId: number): string =>
  createHmac("sha256", secret).update(`mail-off:${userId}`).digest("base64url");

export function isOffProof(secret: string, userId: number, proof: string): boolean {
  const [wanted, given] = [Buffer.from(offProof(secret, userId)), Buffer.from(proof)];
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
