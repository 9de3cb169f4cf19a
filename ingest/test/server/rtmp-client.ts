/** Our own ClientSession on a socket: a well-behaved encoder or player. */
import type { ClientEvent } from "../../src/rtmp/session/client.ts";
import { ClientSession, type ClientSessionOptions } from "../../src/rtmp/session/client.ts";
import type { MediaEvent } from "../../src/rtmp/session/events.ts";
import { nodeHandshakeCrypto } from "../../src/server/listener.ts";
import { until } from "./open-server.ts";

export interface RtmpClient extends Disposable {
  readonly session: ClientSession;
  readonly events: readonly ClientEvent[];
  media(): MediaEvent[];
  send(kind: MediaEvent["kind"], timestamp: number, payload: Uint8Array): void;
  unpublish(): void;
  flush(): void;
  readonly isClosed: () => boolean;
  /** Stops reading, as a player on a dead link does. */
  pause(): void;
  resume(): void;
}

export type RtmpClientOptions = Partial<Omit<ClientSessionOptions, "crypto">> &
  Pick<ClientSessionOptions, "mode" | "name">;

export async function openClient(port: number, options: RtmpClientOptions): Promise<RtmpClient> {
  const session = new ClientSession({
    crypto: nodeHandshakeCrypto,
    handshake: "simple",
    app: "live",
    tcUrl: `rtmp://127.0.0.1:${port}/live`,
    chunkSize: 4096,
    ...options,
  });
  const events: ClientEvent[] = [];
  let closed = false;
  let pending: Uint8Array[] = [];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, bytes) => {
        session.receive(bytes, events);
        flush();
      },
      drain: () => flush(),
      end: () => {
        closed = true;
      },
      close: () => {
        closed = true;
      },
    },
  });
  const flush = (): void => {
    const out = session.output();
    if (out.length > 0) pending.push(out);
    while (pending.length > 0) {
      const taken = socket.write(pending[0]!);
      if (taken < 0) return;
      if (taken < pending[0]!.length) {
        pending[0] = pending[0]!.subarray(taken);
        return;
      }
      pending.shift();
    }
  };
  flush();
  return {
    session,
    events,
    media: () => events.filter((event): event is MediaEvent => event.type === "media"),
    send(kind, timestamp, payload) {
      session.sendMedia(kind, timestamp, payload);
      flush();
    },
    unpublish() {
      session.unpublish();
      flush();
    },
    flush,
    isClosed: () => closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    [Symbol.dispose]() {
      pending = [];
      socket.terminate();
    },
  };
}

export async function openStarted(port: number, options: RtmpClientOptions): Promise<RtmpClient> {
  const client = await openClient(port, options);
  await until(
    `${options.mode} of ${options.name} starts`,
    () => client.session.state === "started" || client.isClosed(),
  );
  return client;
}
