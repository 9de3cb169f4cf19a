/** One keep-alive HTTP/1.1 connection that counts what it gets: cheaper than any client that hands the bytes over. */
import type { Socket } from "bun";

export interface HttpClient {
  /** Sends a GET; resolves with the bytes of its body when all of it is there. One at a time. */
  get(path: string): Promise<number>;
  close(): void;
}

const HEAD_END = "\r\n\r\n";

export async function openHttpClient(host: string, port: number): Promise<HttpClient> {
  let head = "";
  /** Of the body that is being read; null while in its head. */
  let left: number | null = null;
  let length = 0;
  let waiting: PromiseWithResolvers<number> | null = null;

  function done(): void {
    const { resolve } = waiting!;
    waiting = null;
    left = null;
    head = "";
    resolve(length);
  }
  function fail(reason: string): void {
    waiting?.reject(new Error(reason));
    waiting = null;
  }
  function read(bytes: Uint8Array): void {
    if (left !== null) {
      left -= bytes.length;
      if (left === 0) done();
      return;
    }
    head += Buffer.from(bytes).toString("latin1");
    const end = head.indexOf(HEAD_END);
    if (end < 0) return;
    if (!head.startsWith("HTTP/1.1 200")) {
      fail(head.slice(0, head.indexOf("\r\n")));
      return;
    }
    length = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end + 2))?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) {
      fail("An answer has no Content-Length.");
      return;
    }
    left = length - (head.length - end - HEAD_END.length);
    if (left === 0) done();
  }

  const socket: Socket = await Bun.connect({
    hostname: host,
    port,
    socket: {
      binaryType: "uint8array",
      data: (_, bytes) => read(bytes),
      close: () => fail("The server closed the connection."),
      error: (_, error) => fail(error.message),
    },
  });
  return {
    get(path) {
      waiting = Promise.withResolvers();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
      return waiting.promise;
    },
    close: () => socket.end(),
  };
}
