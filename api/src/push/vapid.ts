/** Who sends a push message: a key pair of the installation, made once, and tokens signed with it (RFC 8292). */
import { type Database, type KeyVault, type Log, queries } from "@streamhub/db";

export interface Vapid {
  /** An uncompressed point, base64url: what browsers subscribe with. */
  publicKey(): Promise<string>;
  /** The Authorization header for messages to a push service. */
  authorization(endpoint: string): Promise<string>;
}

export interface VapidOptions {
  readonly db: Database;
  readonly vault: KeyVault;
  /** The site's own origin: by it the services may ask who this is. */
  readonly publicUrl: string | null;
  readonly log?: Log;
  /** Milliseconds. */
  readonly now?: () => number;
}

interface Jwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly d: string;
}

const SETTING = "push.vapid";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
/** RFC 8292 §2: at most a day. Seconds. */
const LIFETIME = 12 * 3_600;
/** Services are few, and a token of one is good for all its browsers. Signed anew when half of its life is over. */
const MAX_TOKENS = 100;

const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function makeKey(): Promise<string> {
  const pair = (await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"])) as CryptoKeyPair;
  return JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey));
}

/** The key that all processes share, sealed in the database. One that another secret sealed is replaced, and who subscribed with it forgotten. */
async function sharedKey({ db, vault, log }: VapidOptions): Promise<Jwk> {
  const known = await queries.readSetting(db, SETTING);
  const sealed = known ?? (await queries.keepSetting(db, SETTING, vault.seal(await makeKey())));
  const opened = vault.open(sealed);
  if (opened !== null) return JSON.parse(opened) as Jwk;
  log?.warn(
    { code: "push.key-unreadable" },
    "The key of push messages was sealed with another secret: a new one is made",
  );
  await queries.replaceSetting(db, SETTING, sealed, vault.seal(await makeKey()));
  await queries.forgetPushSubscriptions(db);
  const again = vault.open((await queries.readSetting(db, SETTING)) ?? "");
  if (again === null) throw new Error("The key of push messages can't be read: processes have different secrets.");
  return JSON.parse(again) as Jwk;
}

async function open(options: VapidOptions) {
  const { key_ops: _, ext: __, ...jwk } = (await sharedKey(options)) as Jwk & { key_ops?: unknown; ext?: unknown };
  const key = await crypto.subtle.importKey("jwk", jwk, ECDSA, false, ["sign"]);
  const point = [new Uint8Array([4]), Buffer.from(jwk.x, "base64url"), Buffer.from(jwk.y, "base64url")];
  return { key, publicKey: Buffer.concat(point).toString("base64url") };
}

/** Reads or makes its key when it is first asked. */
export function makeVapid(options: VapidOptions): Vapid {
  const { publicUrl, now = Date.now } = options;
  // RFC 8292 §2.1: mailto: or https:.
  const contact = publicUrl?.startsWith("https:") ? { sub: publicUrl } : {};
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  let opening: ReturnType<typeof open> | null = null;

  function opened() {
    opening ??= open(options).catch((error) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  async function sign(audience: string): Promise<string> {
    const claims = { aud: audience, exp: Math.floor(now() / 1_000) + LIFETIME, ...contact };
    const text = `${json({ typ: "JWT", alg: "ES256" })}.${json(claims)}`;
    const { key } = await opened();
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(text));
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  }

  return {
    publicKey: async () => (await opened()).publicKey,
    async authorization(endpoint) {
      const { origin } = new URL(endpoint);
      let known = tokens.get(origin);
      if (known === undefined || known.until < now()) {
        known = { token: await sign(origin), until: now() + (LIFETIME * 1_000) / 2 };
        tokens.delete(origin);
        tokens.set(origin, known);
        const [oldest] = tokens.keys();
        if (tokens.size > MAX_TOKENS && oldest !== undefined) tokens.delete(oldest);
      }
      return `vapid t=${known.token}, k=${(await opened()).publicKey}`;
    },
  };
}
