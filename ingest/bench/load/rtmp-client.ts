/** One client connection of a bench: a socket with our own ClientSession behind it. */
import type { Socket } from "bun";
import { WireError } from "../../src/bytes/wire-error.ts";
import { ClientSession, type ClientState } from "../../src/rtmp/session/client.ts";
import type { MediaEvent } from "../../src/rtmp/session/events.ts";
import { nodeHandshakeCrypto } from "../../src/server/listener.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly app: string;
  /** rtmps: `insecure` takes any certificate. */
  readonly tls?: { readonly insecure: boolean } | null;
}

export interface RtmpClientOptions {
  readonly target: Target;
  readonly name: string;
  readonly mode: "publish" | "play";
  readonly chunkSize: number;
  /** From the first packet to NetStream.Publish.Start or Play.Start; without it there is no bound. */
  readonly timeoutMs?: number;
  readonly onMedia?: (event: MediaEvent) => void;
  readonly onStatus?: (code: string) => void;
  /** The connection is over, whoever ended it. Not called after `close()`. */
  readonly onClosed?: (reason: string) => void;
  readonly onDrain?: () => void;
  /** Bytes could not leave: the socket is full. */
  readonly onFull?: () => void;
  /** All bytes as they come, before they are read. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** Milliseconds since `start()` was called; NaN until then. */
export interface Stages {
  tcp: number;
  handshake: number;
  connect: number;
  start: number;
}

const WAITING_FOR: Readonly<Record<ClientState, string>> = {
  handshaking: "the handshake",
  connecting: "the answer to connect",
  creating: "the answer to createStream",
  starting: "the start of the stream",
  started: "media",
  failed: "nothing",
};
const MAX_REASON = 160;

export class RtmpClient {
  readonly session: ClientSession;
  readonly stages: Stages = { tcp: Number.NaN, handshake: Number.NaN, connect: Number.NaN, start: Number.NaN };
  private socket: Socket<RtmpClient> | null = null;
  private pending: Uint8Array[] = [];
  private queued = 0;
  private over = false;
  private startedAt = 0;
  private timer: Timer | null = null;
  private readonly startedPromise = Promise.withResolvers<void>();

  get target(): Target {
    return this.options.target;
  }

  constructor(private readonly options: RtmpClientOptions) {
    const { target, name, mode, chunkSize } = options;
    const scheme = target.tls ? "rtmps" : "rtmp";
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    const tcUrl = `${scheme}://${host}:${target.port}/${target.app}`;
    const crypto = nodeHandshakeCrypto;
    this.session = new ClientSession({ crypto, handshake: "simple", mode, app: target.app, tcUrl, name, chunkSize });
    this.startedPromise.promise.catch(() => {});
  }

  /** Connects; resolves when the server said Publish.Start or Play.Start, rejects with a sentence when it refused, closed or was silent. */
  async start(): Promise<void> {
    const { target, timeoutMs } = this.options;
    const { host, port } = target;
    this.startedAt = performance.now();
    if (timeoutMs !== undefined) this.timer = setTimeout(() => this.onTimeout(timeoutMs), timeoutMs);
    const tls = target.tls ? { rejectUnauthorized: !target.tls.insecure, serverName: host } : undefined;
    const opening = Bun.connect<RtmpClient>({
      hostname: host,
      port,
      data: this,
      socket: handlers,
      ...(tls === undefined ? {} : { tls }),
    });
    opening.catch((error: Error) => this.fail(unreachable(this.options.target, error)));
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
    const wasFree = this.queued === 0;
    this.pending.push(bytes.slice(taken));
    this.queued += bytes.length - taken;
    if (wasFree) this.options.onFull?.();
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
    if (this.timer !== null) clearTimeout(this.timer);
    this.startedPromise.reject(new Error("closed by us"));
    this.socket?.end();
  }

  onOpen(socket: Socket<RtmpClient>): void {
    if (this.over) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    // With TLS the handshake of that layer comes first.
    if (!this.options.target.tls) this.onReady();
  }

  onReady(): void {
    this.stages.tcp = this.elapsed();
    this.flush();
  }

  onSecured(success: boolean, error: Error | null): void {
    if (!success && error !== null) this.fail(`TLS failed: ${error.message} (--insecure takes any certificate)`);
    else if (this.socket !== null && Number.isNaN(this.stages.tcp)) this.onReady();
  }

  onData(bytes: Uint8Array): void {
    this.options.onBytes?.(bytes);
    try {
      const events = this.session.receive(bytes);
      if (Number.isNaN(this.stages.handshake) && this.session.state !== "handshaking")
        this.stages.handshake = this.elapsed();
      for (const event of events) {
        if (event.type === "media") this.options.onMedia?.(event);
        else if (event.type === "connected") this.stages.connect = this.elapsed();
        else if (event.type === "started") this.onStarted();
        else if (event.type === "status") this.options.onStatus?.(event.code);
        else if (event.type === "failed") this.fail(this.refusal(event.code, event.description));
      }
      this.flush();
    } catch (error) {
      this.fail(error instanceof WireError ? `answered with what is not RTMP (${error.code})` : String(error));
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

  onClose(): void {
    const { state } = this.session;
    this.fail(
      state === "started"
        ? "closed the connection in mid-stream"
        : `closed the connection before ${WAITING_FOR[state]}`,
    );
  }

  fail(reason: string): void {
    if (this.over) return;
    this.over = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.startedPromise.reject(new Error(reason));
    this.socket?.end();
    this.options.onClosed?.(reason);
  }

  private onStarted(): void {
    this.stages.start = this.elapsed();
    if (this.timer !== null) clearTimeout(this.timer);
    this.startedPromise.resolve();
  }

  private onTimeout(timeoutMs: number): void {
    const seconds = timeoutMs / 1_000;
    this.fail(
      this.socket === null
        ? `did not accept the connection within ${seconds} s`
        : `accepted the connection, but ${WAITING_FOR[this.session.state]} did not come within ${seconds} s`,
    );
    this.socket?.terminate();
  }

  /** What a server says may have the key in it. */
  private refusal(code: string, description: string): string {
    const { name } = this.options;
    const said = (description === "" ? code : `${code}: ${description}`).replaceAll(name, "***");
    return `refused: ${said
      .replace(/[^\x20-\x7e]+/g, " ")
      .slice(0, MAX_REASON)
      .trim()
      .replace(/\.$/, "")}`;
  }

  private elapsed(): number {
    return performance.now() - this.startedAt;
  }
}

function unreachable({ host, port }: Target, error: Error & { code?: string }): string {
  const where = `${host}:${port}`;
  if (error.code === "ECONNREFUSED" || /refused|Failed to connect/i.test(error.message))
    return `nothing listens on ${where}`;
  if (error.code === "ENOTFOUND" || /resolve|getaddrinfo|NOTFOUND/i.test(error.message)) return `${host} is not known`;
  return `${where} can't be reached: ${error.message}`;
}

const handlers = {
  open: (socket: Socket<RtmpClient>) => socket.data.onOpen(socket),
  handshake: (socket: Socket<RtmpClient>, success: boolean, error: Error | null) =>
    socket.data.onSecured(success, error),
  data: (socket: Socket<RtmpClient>, bytes: Buffer) => socket.data.onData(bytes),
  drain: (socket: Socket<RtmpClient>) => socket.data.onDrain(),
  close: (socket: Socket<RtmpClient>) => socket.data.onClose(),
  error: (socket: Socket<RtmpClient>, error: Error) => socket.data.fail(error.message),
  connectError: (socket: Socket<RtmpClient>, error: Error) => socket.data.fail(unreachable(socket.data.target, error)),
};
