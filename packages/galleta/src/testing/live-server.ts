import type { App } from "../app.ts";
import { serve, type ServeOptions, type Server } from "../serve.ts";

/**
 * Serves an app on a free port of this machine, for tests that need a real port: a browser, another
 * process, a raw socket.
 *
 * @example
 * ```ts
 * await using server = await LiveServer.start(app);
 * const response = await fetch(`${server.url}/items`);
 * ```
 */
export class LiveServer {
  /** The address of the server, such as `http://127.0.0.1:49152`. */
  readonly url: string;
  /** The address of the server for WebSockets, such as `ws://127.0.0.1:49152`. */
  readonly wsUrl: string;
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = server.url;
    this.wsUrl = server.url.replace(/^http/, "ws");
    this.port = server.port;
  }

  /**
   * Starts the app and listens on a free port of this machine.
   *
   * @throws SettingsError `ERR_GALLETA_NOT_CONFIGURED` before `configure(app)` ran, and errors of a
   *   startup listener
   */
  static async start<Data extends object>(
    app: App<Data>,
    options: Pick<ServeOptions, "tls"> = {},
  ): Promise<LiveServer> {
    return new LiveServer(await serve(app, { ...options, hostname: "127.0.0.1", port: 0 }));
  }

  /** Stops the app. After `timeout` seconds (default 1) all open connections are cut. */
  close({ timeout = 1 }: { readonly timeout?: number } = {}): Promise<void> {
    return this.#server.close({ timeout });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
