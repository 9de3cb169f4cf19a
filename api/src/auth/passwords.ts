/** Passwords: the one place with the parameters of their hash, and the one gate that all hashing goes through. */
import { AppError } from "../error.ts";
import { toPassword } from "../text.ts";

/** argon2id as OWASP's minimum has it: 19 MiB, two passes. Change it here and every account follows when its owner next signs in. */
const HASH = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
const HASH_PREFIX = `$argon2id$v=19$m=${HASH.memoryCost},t=${HASH.timeCost},p=1$`;

/** Hashes that may run at once, and that may wait: 38 MiB, and some seconds, whatever number of people knocks. */
const AT_ONCE = 2;
const MAX_WAITING = 400;

/** Hashing takes longer than anyone should wait for: try again later. */
export class PasswordsBusy extends Error {
  override readonly name = "PasswordsBusy";
}

/** For `.catch`: what a caller over HTTP is told. */
export function refuseWhenBusy(error: unknown): never {
  if (error instanceof PasswordsBusy)
    throw new AppError("limit.exceeded", "Too many people are signing in at this moment.", undefined, 5);
  throw error;
}

const gate = makeGate(AT_ONCE, MAX_WAITING, () => new PasswordsBusy("Too many passwords are being hashed."));

/** Lets `atOnce` tasks run and `maxWaiting` wait, first come first served; others are refused. */
export function makeGate(atOnce: number, maxWaiting: number, busy: () => Error) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async function through<T>(task: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw busy();
      // Whoever leaves hands its place on.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}

/** PHC format. Throws PasswordsBusy. */
export const hashPassword = (password: string): Promise<string> =>
  gate(() => Bun.password.hash(toPassword(password), HASH));

/** Of a password that nobody has: what an unknown account's password is compared with, so that it costs the same work. */
let decoy: Promise<string> | undefined;
const decoyHash = (): Promise<string> => {
  decoy ??= Bun.password.hash(crypto.randomUUID(), HASH);
  return decoy;
};

/**
 * Compares a password with a hash, or with a decoy when there is no account or its "hash" is none (the placeholder's, a deleted account's): always
 * one verification. `allowed` is asked when it is the password's turn, so that a crowd of guesses is counted one by one.
 */
export async function verifyPassword(
  password: string,
  hash: string | null,
  allowed: () => Promise<void> = async () => {},
): Promise<boolean> {
  const real = hash?.startsWith("$argon2id$") ? hash : null;
  const against = real ?? (await decoyHash());
  return gate(async () => {
    await allowed();
    const same = await Bun.password.verify(toPassword(password), against);
    return same && real !== null;
  });
}

/** Whether a hash was made with other parameters than today's. */
export const isOutdated = (hash: string): boolean => !hash.startsWith(HASH_PREFIX);

/** What every guesser tries first. Shorter ones need no list. */
const COMMON = new Set(
  (
    "password passw0rd password1 password12 password123 password1234 12345678 123456789 1234567890 0123456789 87654321 " +
    "987654321 9876543210 11111111 00000000 12341234 11223344 123123123 12344321 88888888 qwertyui qwertyuiop qwerty123 " +
    "qwerty12 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qazwsxedc asdfghjk asdfghjkl zxcvbnm1 zaq12wsx q1w2e3r4 iloveyou sunshine " +
    "princess football baseball trustno1 superman starwars whatever computer internet letmein1 welcome1 michelle jennifer " +
    "abcd1234 abc12345 abcdefgh a1b2c3d4 admin123 administrator changeme default1 streamhub qwertyqwerty йцукенгш " +
    "йцукен123 пароль123 парольпароль"
  ).split(" "),
);

/** Why a well-formed password is none; null when it will do. */
export function weakness(password: string, account: { username: string; email: string }): string | null {
  const text = toPassword(password).toLowerCase();
  if (COMMON.has(text)) return "This password is among the first that every guesser tries.";
  if (new Set(text).size < 3) return "This password is one character over and over.";
  const own = [account.username, account.email, account.email.split("@")[0] ?? ""].map((name) => name.toLowerCase());
  if (own.includes(text)) return "A password must not be the name or the address of its account.";
  return null;
}
