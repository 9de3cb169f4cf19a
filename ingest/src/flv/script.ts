/** An AMF0 string, `onMetaData`: Adobe FLV 10.1 §E.5. */
const ON_METADATA = Uint8Array.of(2, 0, 10, ...new TextEncoder().encode("onMetaData"));

/** Whether a script tag body describes the whole stream. Cue points, text and timecodes are script tags too, and belong to a moment. */
export function isMetadata(body: Uint8Array): boolean {
  return body.length >= ON_METADATA.length && ON_METADATA.every((byte, i) => body[i] === byte);
}
