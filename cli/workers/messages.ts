/** What the supervisor of `streamhub ingest --workers` and its workers tell each other, as JSON over the channel between parent and child. */

/** What the command line says of one ingest process. */
export interface IngestFlags {
  readonly open: boolean;
  readonly packaging: boolean;
  readonly pictures: boolean;
  readonly latency: string;
  readonly quality: string;
}

/** Where a worker is found by the others: files in a folder that only this user can enter. A worker that is started anew has others. */
export interface Sockets {
  readonly rtmp: string;
  readonly http: string;
}

export interface Place {
  readonly worker: number;
  /** False: it is over, and late viewers may still ask for its end. */
  readonly isLive: boolean;
}

/** Ports that all workers share. 0: the first one picks, the others follow. */
export interface SharedPorts {
  readonly rtmp: number;
  readonly rtmps: number | null;
  readonly media: number;
}

export interface StartOrder {
  readonly type: "start";
  readonly flags: IngestFlags;
  readonly worker: number;
  readonly count: number;
  /** How often it was started again. */
  readonly restarts: number;
  readonly ports: SharedPorts;
  /** Where this worker's media and metrics alone are to be; 0: it picks. */
  readonly ownPort: number;
  /** Of all workers, by number; null: it does not run. */
  readonly sockets: readonly (Sockets | null)[];
  readonly places: readonly (readonly [slug: string, place: Place])[];
}

export type ToWorker =
  | StartOrder
  /** `sockets` have changed. */
  | { readonly type: "sockets"; readonly sockets: readonly (Sockets | null)[] }
  /** Null: nobody has it. */
  | { readonly type: "place"; readonly slug: string; readonly place: Place | null }
  /** Another worker had it first. */
  | { readonly type: "cut"; readonly slug: string };

export interface Ready {
  readonly type: "ready";
  readonly ports: SharedPorts;
  readonly ownPort: number;
}

export type ToSupervisor =
  | { readonly type: "hello" }
  | Ready
  | { readonly type: "failed"; readonly message: string; readonly code: string }
  | { readonly type: "live" | "over"; readonly slug: string };
