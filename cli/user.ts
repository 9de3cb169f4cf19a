import { hashPassword, weakness } from "@streamhub/api/passwords";
import {
  isEmail,
  isPassword,
  isUsername,
  PASSWORD_MAX,
  PASSWORD_MIN,
  toEmail,
  toPassword,
  toUsername,
  USERNAME_MAX,
} from "@streamhub/api/text";
import { type Database, queries, type Role } from "@streamhub/db";
import { defineCommand } from "citty";
import { withDatabase } from "./database.ts";
import { Failure, misuse } from "./failure.ts";
import { jsonArg, print } from "./output.ts";

const ROLES = ["user", "moderator", "admin"] as const;

const nameArg = {
  type: "positional",
  required: true,
  valueHint: "NAME",
  description: "The account's username",
} as const;
const passwordArg = {
  "password-stdin": { type: "boolean", description: "Read the password from standard input" },
} as const;

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role === undefined) throw misuse(`The role must be one of ${ROLES.join(", ")}.`);
  return role;
}

/** The same rules as over HTTP. */
async function readPassword(fromStdin: boolean | undefined): Promise<string> {
  if (!fromStdin && process.stdin.isTTY)
    throw misuse(
      "Give the password on standard input and say --password-stdin; it is not taken as an argument, where others could see it.",
    );
  const text = await Bun.stdin.text();
  const password = text.replace(/\r?\n$/, "");
  if ([...toPassword(password)].length < PASSWORD_MIN)
    throw misuse(`The password must have at least ${PASSWORD_MIN} characters.`);
  if (password.length > PASSWORD_MAX) throw misuse(`The password must have at most ${PASSWORD_MAX} characters.`);
  if (!isPassword(password)) throw misuse("The password must be one line of text.");
  return password;
}

function requireStrong(password: string, account: { username: string; email: string }): void {
  const weak = weakness(password, account);
  if (weak !== null) throw misuse(weak);
}

/** Names that speak for the site may be given out here. */
const createCommand = defineCommand({
  meta: { name: "create", description: "Create an account; the password is read from standard input" },
  args: {
    username: {
      type: "string",
      required: true,
      valueHint: "NAME",
      description: `Unique, 2 to ${USERNAME_MAX} letters and digits`,
    },
    email: { type: "string", required: true, valueHint: "ADDRESS", description: "Unique" },
    ...passwordArg,
    role: { type: "string", default: "user", valueHint: ROLES.join("|"), description: "What the account may do" },
    ...jsonArg,
  },
  async run({ args }) {
    const role = roleOf(args.role);
    if (!isUsername(args.username))
      throw misuse(`--username must be 2 to ${USERNAME_MAX} letters and digits, with single _ . - between them.`);
    if (!isEmail(args.email)) throw misuse("--email must be an e-mail address of at most 100 characters.");
    const name = { username: toUsername(args.username), email: toEmail(args.email) };
    const password = await readPassword(args["password-stdin"]);
    requireStrong(password, name);
    const hashedPassword = await hashPassword(password);
    const account = await withDatabase(({ db }) => queries.createUser(db, { ...name, hashedPassword, role }));
    print(args.json, account, `Created ${account.role} ${account.username} (id ${account.id}).`);
  },
});

/** Throws `database.no-such-user`, and for the account that nobody signs in to. */
async function find(db: Database, username: string) {
  const id = await queries.userIdOf(db, toUsername(username));
  const profile = await queries.getProfile(db, id);
  if (profile === null || profile.email === queries.PLACEHOLDER_EMAIL)
    throw new Failure(`Nobody signs in as ${username}: create an account.`, "user.nobody");
  return profile;
}

const roleCommand = defineCommand({
  meta: { name: "role", description: "Say what an account may do" },
  args: {
    username: nameArg,
    role: { type: "positional", required: true, valueHint: ROLES.join("|"), description: "From now on" },
    ...jsonArg,
  },
  async run({ args }) {
    const role = roleOf(args.role);
    const account = await withDatabase(async ({ db }) => {
      const { id, username } = await find(db, args.username);
      await queries.updateProfile(db, id, { role });
      return { id, username, role };
    });
    print(args.json, account, `${account.username} is ${account.role} now.`);
  },
});

const passwordCommand = defineCommand({
  meta: {
    name: "password",
    description: "Set an account's password, read from standard input; signs the account out everywhere",
  },
  args: { username: nameArg, ...passwordArg, ...jsonArg },
  async run({ args }) {
    const password = await readPassword(args["password-stdin"]);
    const account = await withDatabase(async ({ db }) => {
      const { id, username, email } = await find(db, args.username);
      requireStrong(password, { username, email });
      const before = await queries.passwordHashOf(db, id);
      if (before === null || !(await queries.changePassword(db, id, before, await hashPassword(password))))
        throw new Failure("The account has changed meanwhile; try again.", "user.changed");
      return { id, username };
    });
    print(args.json, account, `${account.username} has a new password, and is signed out everywhere.`);
  },
});

export const userCommand = defineCommand({
  meta: { name: "user", description: "Manage accounts" },
  subCommands: { create: createCommand, role: roleCommand, password: passwordCommand },
});
