/** Every way in which bytes from the network can break a rule, as `layer.cause`. Closed: metrics use these as label values. */
export const WIRE_ERROR_CODES = [
  "proxy.malformed",
  "handshake.version",
  "chunk.size-invalid",
  "chunk.too-many-streams",
  "chunk.no-previous-header",
  "chunk.unfinished-limit",
  "message.too-large",
  "message.malformed",
  "amf.truncated",
  "amf.unknown-marker",
  "amf.too-deep",
  "amf.too-many-values",
  "amf.bad-reference",
  "amf.bad-key",
  "command.malformed",
  "command.out-of-order",
  "session.too-many-message-streams",
  "session.held-bytes-limit",
  "fmp4.malformed",
  "fmp4.too-large",
] as const;

export type WireErrorCode = (typeof WIRE_ERROR_CODES)[number];

/** A peer broke the protocol or one of our limits. Thrown by pure code, caught in one place: the owner of the socket. */
export class WireError extends Error {
  override readonly name = "WireError";
  constructor(
    readonly code: WireErrorCode,
    message: string,
  ) {
    super(message);
  }
}
