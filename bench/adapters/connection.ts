import { IncomingMessage, ServerResponse, type Server } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** A connection without a socket: it keeps the last response, and the kernel takes no part. */
class Connection extends Duplex {
  /** What the server wrote, as text. */
  response = "";

  constructor() {
    super({ decodeStrings: false });
  }

  override _read(): void {}

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = typeof chunk === "string" ? chunk : chunk.toString("latin1");
    this.response = text.startsWith("HTTP/1.1 ") ? text : this.response + text;
    done();
  }

  setTimeout(): this {
    return this;
  }
}

/** A client of a server in this process. It emits the server's `request` events itself. */
export class Client {
  readonly #server: Server;
  readonly #connection = new Connection();

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Sends a GET.
   *
   * @returns the cookie that the response sets, if any
   * @throws Error where the answer is not 200
   */
  async get(path: string, cookie: string): Promise<string | undefined> {
    const socket = this.#connection as unknown as Socket;
    const req = new IncomingMessage(socket);
    const headers = ["Host", "127.0.0.1", "Cookie", `theme=dark; ${cookie}`];
    Object.assign(req, { method: "GET", url: path, httpVersion: "1.1", complete: true });
    Object.assign(req, { httpVersionMajor: 1, httpVersionMinor: 1 });
    // What the parser calls; `headers` is made of them at its first use.
    (req as unknown as Parsed)._addHeaderLines(headers, headers.length);
    req.push(null);
    const res = new ServerResponse(req);
    res.shouldKeepAlive = true;
    res.assignSocket(socket);
    await new Promise<void>((resolve) => {
      res.on("finish", resolve);
      this.#server.emit("request", req, res);
    });
    res.detachSocket(socket);
    const { response } = this.#connection;
    if (!response.startsWith("HTTP/1.1 200 ")) throw new Error(`${path}: ${response}`);
    return /^set-cookie: ([^;]*)/im.exec(response)?.[1];
  }
}

interface Parsed {
  _addHeaderLines(headers: readonly string[], count: number): void;
}
