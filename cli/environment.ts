/** The one place that reads the process's environment. */
import { type Env, type ReadEnvOptions, readEnv } from "@streamhub/api/env";
import { withSecretFiles } from "./secret-files.ts";

/** Throws EnvError with one sentence per wrong variable. */
export const environment = (options?: ReadEnvOptions): Env => readEnv(withSecretFiles(Bun.env), options);
