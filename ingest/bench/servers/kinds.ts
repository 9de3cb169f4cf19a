import { UsageError } from "../cli/options.ts";
import { nginx, nginxHls } from "./nginx.ts";
import { ours, oursPackaging } from "./ours.ts";
import type { ServerKind } from "./server.ts";

export const SERVER_KINDS: readonly ServerKind[] = [ours, nginx, oursPackaging, nginxHls];

/** The kinds of a comma-separated list; those that are not installed are named in `missing`. */
export function pickServers(list: string): { kinds: ServerKind[]; missing: string[] } {
  const kinds: ServerKind[] = [];
  const missing: string[] = [];
  for (const name of list.split(",").map((each) => each.trim())) {
    const kind = SERVER_KINDS.find((each) => each.name === name);
    if (kind === undefined)
      throw new UsageError(`There is no server "${name}". Known: ${SERVER_KINDS.map((each) => each.name).join(", ")}.`);
    const reason = kind.unavailable();
    if (reason === null) kinds.push(kind);
    else missing.push(`${name}: ${reason}`);
  }
  return { kinds, missing };
}
