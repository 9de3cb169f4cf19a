/** `--json`, the option that every command takes. */
export const jsonArg = { json: { type: "boolean", description: "Print JSON" } } as const;

/** The result of a command on stdout: `data` as JSON, or `text` for people. */
export function print(json: boolean | undefined, data: object, text: string): void {
  console.log(json ? JSON.stringify(data) : text);
}
