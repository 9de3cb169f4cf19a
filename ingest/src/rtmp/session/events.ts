import type { ConnectRequest } from "../command/connect.ts";

/** Media as the peer sent it; `payload` is an FLV tag body, opaque to RTMP. */
export interface MediaEvent {
  readonly type: "media";
  readonly streamId: number;
  readonly kind: "audio" | "video" | "script";
  /** Milliseconds modulo 2^32. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export interface PublishRequestedEvent {
  readonly type: "publish-requested";
  readonly streamId: number;
  readonly app: string;
  /** The stream key. A secret. */
  readonly key: string;
}

export interface PlayRequestedEvent {
  readonly type: "play-requested";
  readonly streamId: number;
  readonly app: string;
  /** The public name. */
  readonly name: string;
}

/** What a server session tells its owner. After a `*-requested` event the session reads no further until `accept` or `reject`. */
export type ServerEvent =
  | MediaEvent
  | PublishRequestedEvent
  | PlayRequestedEvent
  | { readonly type: "connected"; readonly request: ConnectRequest }
  | { readonly type: "publish-ended"; readonly streamId: number }
  | { readonly type: "play-ended"; readonly streamId: number }
  | { readonly type: "play-paused"; readonly streamId: number; readonly paused: boolean }
  /** The session refused the peer by itself (wrong app, bad name): send `output()`, then close. */
  | {
      readonly type: "refused";
      readonly code: "refused.app" | "refused.empty-name" | "refused.name-too-long";
      readonly reason: string;
    };
