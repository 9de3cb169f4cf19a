/** The one place that reads the process's environment. */
import { type Env, type ReadEnvOptions, readEnv } from "@streamhub/api/env";
import { withSecretFiles } from "./secret-files.ts";

/** Throws EnvError with one sentence per wrong variable. */
export const environment = (options?: ReadEnvOptions): Env => readEnv(withSecretFiles(Bun.env), options);

/** What a worker of ingest is given: all of ours. Bun asks only 256 things at once of others by itself, and a held request is one of them. */
export const workerEnvironment = (): Record<string, string | undefined> => ({
  ...Bun.env,
  BUN_CONFIG_MAX_HTTP_REQUESTS: "65000",
});
