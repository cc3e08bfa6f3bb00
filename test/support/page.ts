import type { TestClient, TestSocket } from "../../packages/galleta/src/testing/index.ts";

const MARK = "\0";

/** A page that uses `@galleta/session/client`, over a socket of the test client. */
export class Page {
  readonly socket: TestSocket;
  readonly #client: TestClient;
  readonly #messages: string[] = [];
  readonly #waiting: ((message: string) => void)[] = [];
  /** The answers to its exchanges. */
  readonly exchanges: { status: number; code?: string; receipt?: string }[] = [];
  readonly ended: Promise<void>;

  private constructor(client: TestClient, socket: TestSocket) {
    this.#client = client;
    this.socket = socket;
    this.ended = this.#read();
  }

  static async open(client: TestClient, path: string, protocols: readonly string[] = []) {
    const offered = [...protocols.map((name) => `galleta.v1+${name}`), ...protocols, "galleta.v1"];
    return new Page(client, await client.websocket(path, { protocols: offered }));
  }

  /** Returns the next message of the app. */
  next(): Promise<string> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  send(message: string): void {
    this.socket.send(message.startsWith(MARK) ? MARK + message : message);
  }

  async #read(): Promise<void> {
    for await (const raw of this.socket) {
      const text = String(raw);
      if (!text.startsWith(MARK)) this.#take(text);
      else if (text.startsWith(MARK, 1)) this.#take(text.slice(1));
      else void this.#exchange(text.slice(1));
    }
  }

  #take(message: string): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#messages.push(message);
    else waiter(message);
  }

  async #exchange(frame: string): Promise<void> {
    const { id, ticket, path } = JSON.parse(frame) as Record<"id" | "ticket" | "path", string>;
    const response = await this.#client.post(path, { body: ticket });
    const answer = (await response.json()) as { code?: string; receipt?: string };
    this.exchanges.push({ status: response.status, ...answer });
    this.socket.send(MARK + JSON.stringify({ id, ...answer }));
  }
}
