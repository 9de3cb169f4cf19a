/** A process of its own, run with the collector switched off: allocation per message of the named session, as one JSON line. */
import { loadSession } from "../media/sessions.ts";
import { measureAllocation } from "../runs/parse.ts";

process.stdout.write(`${JSON.stringify(measureAllocation(await loadSession(process.argv[2]!)))}\n`);
process.exit(0);
