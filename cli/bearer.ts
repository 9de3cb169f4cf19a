/** Whether a request brings the token that a part of ours wants. */
import { createHash, timingSafeEqual } from "node:crypto";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Takes as long for a wrong token as for the right one. */
export function makeTokenCheck(wanted: string): (given: string | undefined) => boolean {
  const expected = digest(wanted);
  return (given) => given !== undefined && timingSafeEqual(digest(given), expected);
}

export const bearerOf = ({ headers }: Request): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
