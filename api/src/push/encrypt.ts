/** Encryption of one message for one browser: RFC 8291 (keys) over RFC 8188 (`aes128gcm`), a single record. */

/** What a browser tells when it subscribes, base64url. */
export interface PushKeys {
  /** Its public key: an uncompressed point of P-256. */
  readonly p256dh: string;
  /** Its secret, 16 bytes. */
  readonly auth: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** RFC 8030 §7.2: services take 4,096 bytes at least; less what the header, the padding's end and the tag take. */
export const MAX_PAYLOAD = 4_096 - 86 - 1 - 16;
const RECORD = 4_096;
const POINT = 65;
const SECRET = 16;
const P256 = { name: "ECDH", namedCurve: "P-256" } as const;

const bytesOf = (text: string): Bytes => new Uint8Array(Buffer.from(text, "base64url"));
const ascii = (text: string): Bytes => new TextEncoder().encode(text);
const joined = (...parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));

/** The browser's point and secret; null for what is none. */
export async function readPushKeys({ p256dh, auth }: PushKeys): Promise<{ point: Bytes; secret: Bytes } | null> {
  const [point, secret] = [bytesOf(p256dh), bytesOf(auth)];
  if (point.byteLength !== POINT || secret.byteLength !== SECRET) return null;
  // A point that is not on the curve is refused here.
  const key = await crypto.subtle.importKey("raw", point, P256, false, []).catch(() => null);
  return key === null ? null : { point, secret };
}

async function hkdf(salt: Bytes, secret: Bytes, info: Bytes, bytes: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, bytes * 8));
}

/** What is new for every message; given only by tests. */
export interface Ephemeral {
  readonly keys: CryptoKeyPair;
  readonly salt: Bytes;
}

async function ephemeral(): Promise<Ephemeral> {
  const keys = (await crypto.subtle.generateKey(P256, true, ["deriveBits"])) as CryptoKeyPair;
  return { keys, salt: crypto.getRandomValues(new Uint8Array(16)) };
}

/** The body of a push message. Throws RangeError for one that is too long, and for keys that are none. */
export async function encryptPush(message: string, keys: PushKeys, given?: Ephemeral): Promise<Bytes> {
  const plain = ascii(message);
  const browser = await readPushKeys(keys);
  if (browser === null || plain.byteLength > MAX_PAYLOAD) throw new RangeError("This can't be sent by push.");
  const { keys: own, salt } = given ?? (await ephemeral());
  const theirs = await crypto.subtle.importKey("raw", browser.point, P256, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256));
  const ours = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  // RFC 8291 §3.4.
  const ikm = await hkdf(browser.secret, shared, joined(ascii("WebPush: info\0"), browser.point, ours), 32);
  // RFC 8188 §2.2 and §2.3.
  const [key, nonce] = await Promise.all([
    hkdf(salt, ikm, ascii("Content-Encoding: aes128gcm\0"), 16),
    hkdf(salt, ikm, ascii("Content-Encoding: nonce\0"), 12),
  ]);
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  // 2 ends the last record.
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, aes, joined(plain, new Uint8Array([2])));
  const head = new Uint8Array(21);
  head.set(salt);
  new DataView(head.buffer).setUint32(16, RECORD);
  head[20] = ours.byteLength;
  return joined(head, ours, new Uint8Array(sealed));
}
