/**
 * Playback tokens: the permission to watch what is private, for some minutes. The API signs them, ingest checks them without asking anybody; they
 * stand in every URI of a playlist, so they are short: 39 bytes, 52 characters.
 *
 * | bytes | what |
 * | --- | --- |
 * | 1 | which key signed it: the platform's secret may be another one tomorrow |
 * | 1 | how many players may watch with tokens of this subject at once |
 * | 4 | when it ends: seconds since 1970, big endian |
 * | 8 | the subject: an account under another name, or a random number |
 * | 9 | the session: a player keeps it when it takes a new token |
 * | 16 | HMAC-SHA256 of the bytes before and of what may be watched, cut to 128 bits |
 *
 * What may be watched is signed and not told: who has no good token for a name can't learn whether there is such a channel.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** What a token opens: a channel's broadcasts, or a recording. */
export type PlaybackTarget =
  | { readonly kind: "live"; readonly slug: string }
  | { readonly kind: "vod"; readonly streamId: number };

export interface PlaybackClaims {
  /** 11 characters: whose token it is. */
  readonly subject: string;
  /** 12 characters: which player's. */
  readonly session: string;
  /** Unix time in seconds. */
  readonly expiresAt: number;
  /** Players with tokens of this subject at once, 1 to 255. */
  readonly maxSessions: number;
}

export interface PlaybackTokens {
  /** Throws RangeError for claims that no token can carry. */
  sign(target: PlaybackTarget, claims: PlaybackClaims): string;
  /** `invalid`: not ours, or for something else. `expired`: ours, and over for more than the clocks of two machines may differ. */
  verify(token: string, target: PlaybackTarget): PlaybackClaims | "invalid" | "expired";
  /** The name of an account in tokens. */
  subjectOf(userId: number): string;
  /** A name that nobody has. */
  anySubject(): string;
}

/** Seconds that the clocks of the machine that signs and of the one that checks may differ. */
export const CLOCK_SKEW = 30;

const LENGTH = 39;
const SIGNED = LENGTH - 16;
const FORM = /^[A-Za-z0-9_-]{52}$/;
const SUBJECT = /^[A-Za-z0-9_-]{11}$/;
const SESSION = /^[A-Za-z0-9_-]{12}$/;

interface Key {
  readonly id: number;
  readonly secret: Buffer;
}

/** Whether a text has the form of a player's session. */
export const isPlaybackSession = (text: string): boolean => SESSION.test(text);

/** 72 random bits. */
export const makePlaybackSession = (): string => randomBytes(9).toString("base64url");

const targetOf = (target: PlaybackTarget): string =>
  target.kind === "live" ? `live\n${target.slug}` : `vod\n${target.streamId}`;

const bytesOf = (text: string, form: RegExp, what: string): Buffer => {
  if (!form.test(text)) throw new RangeError(`this is no ${what} of a playback token`);
  return Buffer.from(text, "base64url");
};

/** `secrets`: the platform's; the first signs, tokens of the others are good until they end. `now`: milliseconds since 1970. */
export function makePlaybackTokens(
  secrets: string | readonly [string, ...string[]],
  now: () => number = Date.now,
): PlaybackTokens {
  const list = typeof secrets === "string" ? [secrets] : secrets;
  const derive = (secret: string, purpose: string, length: number) =>
    Buffer.from(hkdfSync("sha256", secret, "streamhub", purpose, length));
  const keys = list.map(
    (secret): Key => ({
      id: derive(secret, "playback token id", 1)[0]!,
      secret: derive(secret, "playback token", 32),
    }),
  );
  const current = keys[0]!;
  const subjectKey = derive(list[0]!, "playback subject", 32);

  const macOf = ({ secret }: Key, signed: Uint8Array, target: PlaybackTarget): Buffer =>
    createHmac("sha256", secret).update(signed).update(targetOf(target)).digest().subarray(0, 16);

  return {
    sign(target, { subject, session, expiresAt, maxSessions }) {
      if (!Number.isInteger(maxSessions) || maxSessions < 1 || maxSessions > 255)
        throw new RangeError("a playback token is for 1 to 255 players");
      const bytes = Buffer.alloc(LENGTH);
      bytes[0] = current.id;
      bytes[1] = maxSessions;
      bytes.writeUInt32BE(expiresAt, 2);
      // 11 characters are 66 bits, of which 64 are kept: others than those that were made here would come back as another name.
      bytesOf(subject, SUBJECT, "subject").copy(bytes, 6, 0, 8);
      bytesOf(session, SESSION, "session").copy(bytes, 14);
      macOf(current, bytes.subarray(0, SIGNED), target).copy(bytes, SIGNED);
      return bytes.toString("base64url");
    },
    verify(token, target) {
      if (!FORM.test(token)) return "invalid";
      const bytes = Buffer.from(token, "base64url");
      const [signed, mac] = [bytes.subarray(0, SIGNED), bytes.subarray(SIGNED)];
      const isOurs = keys.some((key) => key.id === bytes[0] && timingSafeEqual(macOf(key, signed, target), mac));
      if (!isOurs) return "invalid";
      const expiresAt = bytes.readUInt32BE(2);
      if (now() > (expiresAt + CLOCK_SKEW) * 1000) return "expired";
      return {
        subject: bytes.toString("base64url", 6, 14),
        session: bytes.toString("base64url", 14, SIGNED),
        expiresAt,
        maxSessions: bytes[1]!,
      };
    },
    anySubject: () => randomBytes(8).toString("base64url"),
    subjectOf: (userId) =>
      createHmac("sha256", subjectKey).update(`user ${userId}`).digest().subarray(0, 8).toString("base64url"),
  };
}
