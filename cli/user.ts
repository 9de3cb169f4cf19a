import { queries } from "@streamhub/db";
import { defineCommand } from "citty";
import { withDatabase } from "./database.ts";
import { misuse } from "./failure.ts";
import { jsonArg, print } from "./output.ts";

const ROLES = ["user", "moderator", "admin"] as const;
const MIN_PASSWORD_LENGTH = 8;
/** argon2 hashes any length; more than this is a mistake or an attack on our memory. */
const MAX_PASSWORD_LENGTH = 1024;

async function readPassword(fromStdin: boolean | undefined): Promise<string> {
  if (!fromStdin && process.stdin.isTTY)
    throw misuse(
      "Give the password on standard input and say --password-stdin; it is not taken as an argument, where others could see it.",
    );
  const text = await Bun.stdin.text();
  const password = text.replace(/\r?\n$/, "");
  if (password.length < MIN_PASSWORD_LENGTH)
    throw misuse(`The password must have at least ${MIN_PASSWORD_LENGTH} characters.`);
  if (password.length > MAX_PASSWORD_LENGTH)
    throw misuse(`The password must have at most ${MAX_PASSWORD_LENGTH} characters.`);
  return password;
}

const createCommand = defineCommand({
  meta: { name: "create", description: "Create an account; the password is read from standard input" },
  args: {
    username: { type: "string", required: true, valueHint: "NAME", description: "Unique, at most 50 characters" },
    email: { type: "string", required: true, valueHint: "ADDRESS", description: "Unique" },
    "password-stdin": { type: "boolean", description: "Read the password from standard input (first line)" },
    role: { type: "string", default: "user", valueHint: ROLES.join("|"), description: "What the account may do" },
    ...jsonArg,
  },
  async run({ args }) {
    const role = ROLES.find((known) => known === args.role);
    if (role === undefined) throw misuse(`--role must be one of ${ROLES.join(", ")}.`);
    if (!/^[\p{L}\p{N}_.-]{1,50}$/u.test(args.username))
      throw misuse("--username must be 1 to 50 letters, digits, _, . or -.");
    if (args.email.length > 100 || !/^[^\s@]+@[^\s@]+$/.test(args.email))
      throw misuse("--email must be an e-mail address of at most 100 characters.");
    const hashedPassword = await Bun.password.hash(await readPassword(args["password-stdin"]), "argon2id");
    const { username, email } = args;
    const account = await withDatabase(({ db }) => queries.createUser(db, { username, email, hashedPassword, role }));
    print(args.json, account, `Created ${account.role} ${account.username} (id ${account.id}).`);
  },
});

export const userCommand = defineCommand({
  meta: { name: "user", description: "Manage accounts" },
  subCommands: { create: createCommand },
});
