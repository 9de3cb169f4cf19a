/** What ingest asks of the platform it runs in. `platform/` binds these to the database; `--open` mode binds them to nothing. */
import type { Milliseconds } from "../bytes/units.ts";
import type { LatencyProfile } from "./latency.ts";

export interface PublishRequest {
  /** The stream key as the encoder sent it. A secret: never logged, never in an error. Already bounded in length by the session. */
  readonly key: string;
  readonly connectionId: string;
  /** Remote address, without the port. */
  readonly address: string;
}

export interface Admitted {
  readonly kind: "admitted";
  /** Public name of the channel; never equal to the key except in `--open` mode. */
  readonly slug: string;
  readonly channelId: number | null;
  readonly streamId: number | null;
  /** `private`: media is refused to everyone without a playback token. */
  readonly visibility: "public" | "unlisted" | "private";
  readonly latency: LatencyProfile;
  readonly quality: Quality;
  /** What becomes of an encoder that comes while another one is sending. */
  readonly secondEncoder: SecondEncoder;
  readonly remuxer: RemuxerChoice;
  /** The broadcast is kept as a recording. Only with a `streamId`. */
  readonly isRecorded: boolean;
  /** How far viewers may rewind while it is live; 0: only what players need. Null: to its beginning. */
  readonly dvrSeconds: number | null;
}

/** What a broadcast is offered in: as the encoder sent it, or smaller besides. */
export type Quality = "source" | "ladder";

/** `takeover`: the newcomer goes on with the broadcast; `refuse`: it is sent away, for as long as the first one sends. */
export type SecondEncoder = "takeover" | "refuse";

/** What makes fragments of FLV. `auto` of a channel: as the server is set; of the server: ffmpeg for what it can read, `native` for the rest. */
export type RemuxerChoice = "auto" | "ffmpeg" | "native";

export interface Refused {
  readonly kind: "refused";
  readonly code:
    | "publish.unknown-key"
    | "publish.inactive-user"
    | "publish.already-publishing"
    | "publish.stopped"
    | "publish.no-room"
    | "publish.draining"
    | "publish.not-allowed"
    | "publish.too-many-tries"
    | "publish.unavailable";
  /** One sentence for the streamer that says what to change. */
  readonly reason: string;
  /** Public name of the channel, where it is live on another node. */
  readonly slug?: string;
}

/** The other processes of this machine that listen on the same port (`streamhub ingest --workers`). */
export interface Siblings {
  /** Path of the Unix socket at which this process takes connections that they hand over. */
  readonly path: string;
  /** The path of the one that has a broadcast of this name; null: none of them has. */
  find(slug: string): string | null;
}

export interface Gate {
  /**
   * Where the channel is live on this very node already, the same stream is admitted again: its encoder has come back, or another one has come.
   * Checks the key and, when it is good, makes the channel live: picks the started planned stream or makes a new one, sets
   * `is_live` and `started_at`, in one transaction. Two admissions of one channel can never both succeed.
   * Never throws: a database that is away is `publish.unavailable`.
   */
  admit(request: PublishRequest): Promise<Admitted | Refused>;
  /** The broadcast is over: clears the flags, sets `ended_at` and `duration`. Retried by the platform until the database has it. */
  ended(streamId: number, endedAt: Milliseconds): Promise<void>;
  /** Once at start, before anything is admitted: ends what a crashed predecessor of this node left live. Returns how many. */
  recover(): Promise<number>;
  /** Stops timers and writes what is pending, within the given time. */
  close(): Promise<void>;
}

/** A peer in its own words, and where it is. */
export interface CallbackPeer {
  readonly connectionId: string;
  readonly address: string;
  readonly app: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly tcUrl: string;
  readonly pageUrl: string;
}

/** `name`: by which it goes on. `unavailable`: nobody answered in time. */
export type CallbackAnswer =
  | { readonly kind: "allowed"; readonly name: string }
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable" };

/** One publishing or playing, from its request to its end. */
export interface CallbackVisit {
  /** Whether it may begin. Never rejects. */
  ask(): Promise<CallbackAnswer>;
  /** Call it about once a second while it goes on. `mediaTime`: of the last media; null before there are any. */
  keep(mediaTime: Milliseconds | null): void;
  /** It is over, or came to nothing. Idempotent. */
  end(): void;
}

/** Programs of the operator that are asked and told of who publishes and plays over RTMP: nginx-rtmp's `on_publish` and the like. */
export interface Callbacks {
  /** `name`: as the peer gave it; a publisher's is a secret. `onRefused`: it may not go on. */
  visit(kind: "publish" | "play", peer: CallbackPeer, name: string, onRefused: () => void): CallbackVisit;
}

/** Who watches. `platform/` counts them on the bus. */
export interface Audience {
  /** Somebody has asked for a playlist of a stream that is live here. Called for every such request: quick, and never throws. */
  saw(streamId: number, request: Request, address: string): void;
}

/** Where an RTMP service is: `db/src/rtmp-address.ts` reads it. */
export interface RestreamAddress {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly app: string;
  readonly tcUrl: string;
}

/** Another service that gets a broadcast too. */
export interface RestreamTarget {
  readonly id: number;
  /** Null: it can't be read. */
  readonly address: RestreamAddress | null;
  /** A secret: never logged, never in an error. Null: it can't be read. */
  readonly key: string | null;
}

export interface RestreamTargets {
  /** Those of the stream's channel that are switched on. Rejects while the database is away. */
  of(streamId: number): Promise<readonly RestreamTarget[]>;
}

/** The addresses of a host's name, or of one that is an address itself; null: they are not all such as may be asked. */
export type AddressLookup = (host: string) => Promise<readonly string[] | null>;

/** What a playback token opens: a channel's broadcasts, or a recording. */
export type PlaybackTarget =
  | { readonly kind: "live"; readonly slug: string }
  | { readonly kind: "vod"; readonly streamId: number };

/** What a good token says of who brings it. */
export interface PlaybackPass {
  readonly subject: string;
  readonly session: string;
  /** Players with tokens of this subject at once. */
  readonly maxSessions: number;
}

/** Checks the tokens that the API signs: `makePlaybackTokens` of the database's package. */
export interface PlaybackTokens {
  verify(token: string, target: PlaybackTarget): PlaybackPass | "invalid" | "expired";
}

/** What the platform knows of recordings. Everything but `access` may reject while the database is away. */
export interface RecordingRegister {
  /** False: the stream is gone. */
  begun(streamId: number): Promise<boolean>;
  /** Its recording goes on no more, although it does. */
  stopped(streamId: number, reason: string): Promise<void>;
  /** It can be played. False: the stream is gone, and what was stored has to go. `size` in bytes. */
  finished(streamId: number, length: { readonly seconds: number; readonly size: number }): Promise<boolean>;
  /** There is nothing to play. */
  forgotten(streamId: number): Promise<void>;
  /** Who may see it; null: there is none, or nobody can know at the moment. */
  access(streamId: number): Promise<RecordingAccess | null>;
  /** Those of this node, or of nodes that are long gone, which nobody has finished. */
  unfinished(): Promise<readonly number[]>;
  /** Of these, whose streams were deleted. */
  orphans(streamIds: readonly number[]): Promise<readonly number[]>;
  /** Of these, what is finished, oldest first. */
  finishedOf(streamIds: readonly number[]): Promise<readonly FinishedRecording[]>;
  /** Somebody watches it, wherever. */
  isWatched(streamId: number): Promise<boolean>;
}

export interface RecordingAccess {
  readonly visibility: "public" | "unlisted" | "private";
  readonly isLive: boolean;
}

export interface FinishedRecording {
  readonly streamId: number;
  readonly endedAt: Milliseconds;
  readonly size: number;
}

/** A structured log: one line = one object with a stable `code` and a sentence. Pino's loggers fit. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
