/**
 * A process that owns a database, for the tests that kill it: opens DATA_DIR (argv 2, system folder argv 3, grace seconds argv 4), says so on
 * stdout, and does what stdin asks, a line each: SQL is answered with its rows, or one row `{error}`, as JSON, "close" closes and ends.
 */
import { openDatabase } from "../src/open.ts";

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const quiet = () => {};
const [dataDir, systemFolder, graceSeconds] = process.argv.slice(2);

try {
  const handle = await openDatabase({
    dataDir: dataDir!,
    systemFolder: systemFolder!,
    graceSeconds: Number(graceSeconds ?? 1),
    log: { info: quiet, warn: quiet, error: quiet },
  });
  say({ url: handle.url });
  for await (const line of console) {
    if (line === "close") break;
    say(await handle.sql.unsafe(line).catch((error: Error) => [{ error: error.message }]));
  }
  await handle.close();
  say("closed");
} catch (error) {
  say({ code: (error as { code?: string }).code, message: String(error) });
  process.exitCode = 1;
}
