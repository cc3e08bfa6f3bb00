import WebSocketClient from "crossws/websocket";
import { WebSocketDisconnect } from "../errors.ts";
import { Inbox } from "../websocket/inbox.ts";

/** The code and reason with which a socket was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** Thrown if the server answered a handshake with a status other than 101. */
export class HandshakeRejected extends Error {
  readonly status: number;
  readonly headers: Headers;
  /** The body of the response that denied the handshake. */
  readonly body: string;

  constructor(status: number, headers: Headers, body: string) {
    super(`The handshake was denied with ${status}.`);
    this.name = "HandshakeRejected";
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

interface HandshakeResponse extends AsyncIterable<Uint8Array> {
  readonly statusCode: number;
  readonly rawHeaders: readonly string[];
}

/** The part of crossws' WebSocket client for Node that Galleta uses. */
interface NodeClient {
  readonly protocol: string;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on(event: "upgrade", listener: (response: HandshakeResponse) => void): this;
  on(
    event: "unexpected-response",
    listener: (request: unknown, response: HandshakeResponse) => void,
  ): this;
  on(event: "open", listener: () => void): this;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "close", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
}

const Client = WebSocketClient as unknown as new (
  url: string,
  protocols: readonly string[],
  options: { readonly headers: Readonly<Record<string, string>> },
) => NodeClient;

/** The client side of a WebSocket, for tests. */
export class TestSocket implements AsyncIterable<string | Uint8Array> {
  /** The headers of the 101 response to the handshake. */
  readonly headers: Headers;
  /** The subprotocol that the server chose; empty if it chose none. */
  readonly protocol: string;
  /** Resolves when either side closed the socket. */
  readonly closed: Promise<Closed>;
  readonly #client: NodeClient;
  readonly #inbox: Inbox<string | Uint8Array>;

  private constructor(
    client: NodeClient,
    headers: Headers,
    closed: Promise<Closed>,
    inbox: Inbox<string | Uint8Array>,
  ) {
    this.headers = headers;
    this.protocol = client.protocol;
    this.closed = closed;
    this.#client = client;
    this.#inbox = inbox;
  }

  /**
   * Opens a WebSocket.
   *
   * @throws HandshakeRejected if the server answers with another status than 101
   */
  static async connect(
    url: string,
    protocols: readonly string[],
    headers: Readonly<Record<string, string>>,
  ): Promise<TestSocket> {
    const client = new Client(url, protocols, { headers });
    // A test must keep all messages, so there are no limits.
    const inbox = new Inbox<string | Uint8Array>(
      { maxQueue: Infinity, maxMessageSize: Infinity },
      { pause() {}, resume() {}, read: (message) => message },
    );
    client.on("message", (data, isBinary) => {
      inbox.push(isBinary ? new Uint8Array(data) : data.toString(), data.length);
    });
    const closed = new Promise<Closed>((resolve) => {
      client.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        inbox.end();
      });
    });
    const answered = await new Promise<Headers>((resolve, reject) => {
      let upgraded = new Headers();
      client.on("upgrade", (response) => (upgraded = handshakeHeaders(response)));
      client.on("open", () => resolve(upgraded));
      client.on("error", reject);
      client.on("unexpected-response", (_request, response) => {
        readRejection(response).then(reject, reject);
      });
    });
    return new TestSocket(client, answered, closed, inbox);
  }

  /** Sends text or bytes. */
  send(message: string | Uint8Array): void {
    this.#client.send(message);
  }

  /** Sends a value as JSON. */
  sendJson(value: unknown): void {
    this.#client.send(JSON.stringify(value));
  }

  /**
   * Waits for the next message.
   *
   * @throws WebSocketDisconnect with the close code, if the socket is closed and no message is left
   */
  async receive(): Promise<string | Uint8Array> {
    const { done, value } = await this.#inbox.take();
    if (!done) return value;
    const { code, reason } = await this.closed;
    throw new WebSocketDisconnect(code, reason);
  }

  /** Waits for the next message and parses it as JSON. */
  async receiveJson(): Promise<unknown> {
    const message = await this.receive();
    return JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
  }

  /** Closes the socket and waits for the server's close frame. */
  close(code = 1000, reason = ""): Promise<Closed> {
    this.#client.close(code, reason);
    return this.closed;
  }

  /** Breaks the connection without a close frame, like a lost network. The server sees 1006. */
  terminate(): Promise<Closed> {
    this.#client.terminate();
    return this.closed;
  }

  /** Iterates over the received messages until the socket is closed. */
  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array, undefined> {
    return { next: () => this.#inbox.take() };
  }
}

function handshakeHeaders({ rawHeaders }: HandshakeResponse): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  return headers;
}

async function readRejection(response: HandshakeResponse): Promise<HandshakeRejected> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  return new HandshakeRejected(response.statusCode, handshakeHeaders(response), body);
}
