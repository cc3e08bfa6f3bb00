import type { Jar } from "../adapters/wire.ts";
import type { Connected } from "../adapters/socket-harness.ts";
import type { Client, Variant } from "./column.ts";

/** A page that does on its socket what `LiveWebSocket` of `@galleta/session/client` does. */
export class LivePage {
  /** Exchanges that gave a cookie. */
  exchanges = 0;
  readonly #client: Client;
  readonly #variant: Variant;
  readonly #jar: Jar;
  readonly #socket: Connected;
  readonly #waiting: ((text: string) => void)[] = [];

  private constructor(client: Client, variant: Variant, jar: Jar, socket: Connected) {
    this.#client = client;
    this.#variant = variant;
    this.#jar = jar;
    this.#socket = socket;
    socket.ws.on("message", (data) => {
      const text = String(data);
      if (!text.startsWith("\0")) this.#waiting.shift()?.(text);
      // A message of the app that begins like a Galleta frame has one more mark.
      else if (text.startsWith("\0\0")) this.#waiting.shift()?.(text.slice(1));
      else void this.#exchange(JSON.parse(text.slice(1)) as Record<string, string>);
    });
  }

  static async open(client: Client, variant: Variant, jar: Jar): Promise<LivePage> {
    const socket = await client.opened(variant, "", { cookie: jar.header }, ["galleta.v1"]);
    if (socket.ws.protocol !== "galleta.v1") {
      throw new Error(`The server answered with the subprotocol "${socket.ws.protocol}".`);
    }
    return new LivePage(client, variant, jar, socket);
  }

  /** Sends a message of the app, and returns the app's next one. */
  talk(message: string): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.ws.send(message.startsWith("\0") ? `\0${message}` : message);
    });
  }

  /** Asks over HTTP with the page's cookies. */
  get(path: string): Promise<string> {
    return this.#client.get(this.#variant, path, this.#jar);
  }

  async #exchange({ id, ticket: body = "", path = "" }: Record<string, string>): Promise<void> {
    const headers = { origin: this.#client.origin(this.#variant) };
    const sent = { method: "POST", headers, body, jar: this.#jar };
    const answer = await this.#client.ask(this.#variant, path, sent);
    if (answer.setCookie.length > 0) this.exchanges += 1;
    this.#socket.ws.send(`\0${JSON.stringify({ id, ...(JSON.parse(answer.body) as object) })}`);
  }
}
