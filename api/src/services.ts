/** All that the API needs from outside. It holds no state of its own, so any number of processes may share one set of adapters. */
import type { Bus, Database, KeyVault } from "@streamhub/db";
import type { Registry as PromRegistry } from "prom-client";
import type { FailureSink } from "./error.ts";
import type { Feeds } from "./events/feeds.ts";
import type { Probes } from "./health/service.ts";
import type { RequestLimits } from "./limits/model.ts";
import type { Outbound } from "./outbound/outbound.ts";
import type { Site } from "./site/model.ts";
import type { Sockets } from "./sockets.ts";
import type { RequestTracer } from "./tracing.ts";
import type { Views } from "./views/views.ts";

export interface Services {
  readonly db: Database;
  readonly bus: Bus;
  /** Signs access tokens and whatever else only this platform may issue; at least 32 characters. */
  readonly secret: string;
  readonly vault: KeyVault;
  /** Folder for uploaded pictures. */
  readonly uploadsDir: string;
  /** The site's own origin when it is known, such as `https://live.example.org`; null: that of the request's Host. */
  readonly publicUrl: string | null;
  readonly corsOrigins: readonly string[];
  /** Remote address of a request, a trusted proxy's word included. */
  readonly addressOf: (request: Request) => string;
  /** Where the API's own metrics are kept. */
  readonly metrics: PromRegistry;
  readonly probes: Probes;
  readonly site: Site;
  /** Public answers are kept in this process for as long as they allow shared caches to; default false: every request reads anew. */
  readonly keepAnswers?: boolean;
  /** Those that differ from REQUEST_LIMITS. */
  readonly limits?: Partial<RequestLimits>;
  /** Clients of live events; default: of this app alone, ended by their own. */
  readonly events?: Feeds;
  /** Without them no request becomes a WebSocket. */
  readonly sockets?: Sockets;
  /** Viewing sessions; default: this app's own, which nobody writes down (`startViews` does). */
  readonly views?: Views;
  /** Asks addresses that others gave; default: public ones alone. */
  readonly outbound?: Outbound;
  /** Broadcasts may be sent on to private addresses too; default false. */
  readonly restreamAnywhere?: boolean;
  /** Default: nothing is traced. */
  readonly tracer?: RequestTracer | null;
  readonly onFailure?: FailureSink;
  /** Milliseconds since 1970; default the clock. */
  readonly now?: () => number;
}
