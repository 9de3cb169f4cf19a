import type { LogLevel } from "@streamhub/api/env";
import pino, { type Logger } from "pino";

/**
 * One JSON object a line, on stderr: stdout belongs to what a command prints. Written synchronously, so that the last line before a
 * crash is not lost. `base` stands in every line. Known names of secrets are cut out should one ever get into a field.
 */
export function makeLog(level: LogLevel, base: Readonly<Record<string, unknown>> | null = null): Logger {
  return pino(
    {
      level,
      base,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          "key",
          "streamKey",
          "password",
          "token",
          "authorization",
          "*.key",
          "*.streamKey",
          "*.password",
          "*.token",
        ],
        remove: true,
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
