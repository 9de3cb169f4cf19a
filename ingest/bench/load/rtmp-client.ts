/** One client connection of a bench: a socket with our own ClientSession behind it. */
import type { Socket } from "bun";
import { ClientSession } from "../../src/rtmp/session/client.ts";
import type { MediaEvent } from "../../src/rtmp/session/events.ts";
import { nodeHandshakeCrypto } from "../../src/server/listener.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly app: string;
}

export interface RtmpClientOptions {
  readonly target: Target;
  readonly name: string;
  readonly mode: "publish" | "play";
  readonly chunkSize: number;
  readonly onMedia?: (event: MediaEvent) => void;
  readonly onStatus?: (code: string) => void;
  /** The connection is over, whoever ended it. Not called after `close()`. */
  readonly onClosed?: (reason: string) => void;
  readonly onDrain?: () => void;
}

export class RtmpClient {
  readonly session: ClientSession;
  private socket: Socket<RtmpClient> | null = null;
  private pending: Uint8Array[] = [];
  private queued = 0;
  private over = false;
  private readonly startedPromise = Promise.withResolvers<void>();

  constructor(private readonly options: RtmpClientOptions) {
    const { target, name, mode, chunkSize } = options;
    const tcUrl = `rtmp://${target.host}:${target.port}/${target.app}`;
    const crypto = nodeHandshakeCrypto;
    this.session = new ClientSession({ crypto, handshake: "simple", mode, app: target.app, tcUrl, name, chunkSize });
    this.startedPromise.promise.catch(() => {});
  }

  /** Connects; resolves when the server said Publish.Start or Play.Start, rejects when it refused or closed. */
  async start(): Promise<void> {
    const { host, port } = this.options.target;
    await Bun.connect<RtmpClient>({ hostname: host, port, data: this, socket: handlers });
    await this.startedPromise.promise;
  }

  /** Bytes that the socket would not take. */
  get backlog(): number {
    return this.queued;
  }

  get closed(): boolean {
    return this.over;
  }

  /** Sends bytes that the caller may change afterwards: what can not leave now is copied. */
  write(bytes: Uint8Array): void {
    if (this.over || bytes.length === 0) return;
    const taken = this.queued > 0 ? 0 : Math.max(0, this.socket!.write(bytes));
    if (taken === bytes.length) return;
    this.pending.push(bytes.slice(taken));
    this.queued += bytes.length - taken;
  }

  /** What the session has to say. */
  flush(): void {
    this.write(this.session.output());
  }

  /** The orderly end of an encoder; the server closes its side of the stream. */
  endPublish(): void {
    this.session.unpublish();
    this.flush();
  }

  close(): void {
    this.over = true;
    this.socket?.end();
  }

  onOpen(socket: Socket<RtmpClient>): void {
    this.socket = socket;
    this.flush();
  }

  onData(bytes: Uint8Array): void {
    try {
      for (const event of this.session.receive(bytes)) {
        if (event.type === "media") this.options.onMedia?.(event);
        else if (event.type === "started") this.startedPromise.resolve();
        else if (event.type === "status") this.options.onStatus?.(event.code);
        else if (event.type === "failed") this.fail(`refused: ${event.code}`);
      }
      this.flush();
    } catch (error) {
      this.fail(String(error));
    }
  }

  onDrain(): void {
    while (this.pending.length > 0) {
      const head = this.pending[0]!;
      const taken = Math.max(0, this.socket!.write(head));
      this.queued -= taken;
      if (taken < head.length) {
        this.pending[0] = head.subarray(taken);
        return;
      }
      this.pending.shift();
    }
    this.options.onDrain?.();
  }

  fail(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.startedPromise.reject(new Error(reason));
    this.socket?.end();
    this.options.onClosed?.(reason);
  }
}

const handlers = {
  open: (socket: Socket<RtmpClient>) => socket.data.onOpen(socket),
  data: (socket: Socket<RtmpClient>, bytes: Buffer) => socket.data.onData(bytes),
  drain: (socket: Socket<RtmpClient>) => socket.data.onDrain(),
  close: (socket: Socket<RtmpClient>) => socket.data.fail("closed by the server"),
  error: (socket: Socket<RtmpClient>, error: Error) => socket.data.fail(error.message),
  connectError: (socket: Socket<RtmpClient>, error: Error) => socket.data.fail(error.message),
};
