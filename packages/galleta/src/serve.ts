import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Server as SrvxServer } from "srvx";
import { serve as listen } from "srvx/node";
import { checkOptionNames } from "@galleta/session/internals";
import { coreOf, type App } from "./app.ts";
import type { Core } from "./core.ts";
import { settingsError } from "./errors.ts";
import { HTTPError } from "./http-error.ts";
import { denyUpgrade, responseFor } from "./websocket/answer.ts";
import { SocketServer } from "./websocket/socket-server.ts";

/** Options of {@link serve}. */
export interface ServeOptions {
  /**
   * The address to listen on. Default `127.0.0.1`, which only this machine can reach. `0.0.0.0` is
   * every address.
   */
  readonly hostname?: string;
  /** The port to listen on; with 0, the system chooses a free one. Default 8000. */
  readonly port?: number;
  /** The TLS certificate and its key, each as PEM text or as the path of a PEM file. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly passphrase?: string };
}

/** A running server. */
export interface Server {
  /** The server's address, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  /**
   * Stops the server: accepts no more connections, closes WebSockets with code 1001, lets requests
   * finish, and runs the shutdown listeners.
   *
   * After `timeout` seconds (default 10), all open connections are cut. A second call with a
   * smaller `timeout` cuts them earlier.
   */
  close(options?: { readonly timeout?: number }): Promise<void>;
}

/** How many seconds requests and sockets may still take when the server must stop. */
const DEFAULT_TIMEOUT = 10;

/**
 * Serves an app on Node: runs the startup listeners of the app, then listens. Uses HTTP/1.1, with
 * TLS if you pass a certificate.
 *
 * @throws SettingsError `ERR_GALLETA_NOT_CONFIGURED` before `configure(app)` ran,
 *   `ERR_GALLETA_SETTINGS` for an unknown option; the error of a startup listener; Node's own error
 *   if the server cannot listen (`EADDRINUSE`)
 * @example
 * ```ts
 * const server = await serve(app, { port: 8000 });
 * process.once("SIGTERM", () => server.close());
 * ```
 */
export async function serve<Data extends object>(
  app: App<Data>,
  options: ServeOptions = {},
): Promise<Server> {
  checkOptionNames(options, ["hostname", "port", "tls"], "option of serve", settingsError);
  const core = coreOf(app);
  core.assertConfigured();
  await core.lifecycle.start();
  const sockets = new SocketServer(core);
  try {
    const server = listen({
      fetch: core.h3.fetch,
      hostname: options.hostname ?? "127.0.0.1",
      port: options.port ?? 8000,
      silent: true,
      manual: true,
      gracefulShutdown: false,
      ...(options.tls && { tls: options.tls }),
      // HTTP/1.1 even with TLS, because WebSockets need it. Workers of a cluster share their port.
      node: { http2: false, exclusive: false, ...headerSize(core) },
    });
    // If an `upgrade` listener exists, Node passes every upgrade request to it and does not answer
    // the request as plain HTTP. So an app without sockets must not add one.
    if (core.hasSockets) takeUpgrades(server, sockets);
    await server.serve();
    return new RunningServer(core, server, sockets);
  } catch (error) {
    await sockets.close(0);
    await core.lifecycle.stop();
    throw error;
  }
}

/**
 * Raises Node's limit for all headers of a request from 16 to 32 KiB. This happens only if a
 * session may take several cookies, so that other cookies also fit.
 */
function headerSize({ sessions }: Core): { maxHeaderSize?: number } {
  return sessions?.shared.settings.chunks ? { maxHeaderSize: 32_768 } : {};
}

function takeUpgrades({ node }: SrvxServer, sockets: SocketServer): void {
  node?.server?.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (req.headers.upgrade?.toLowerCase() === "websocket") {
      sockets.upgrade(req, socket, head);
      return;
    }
    // Unknown upgrades must be ignored (RFC 9110 §7.8): some clients offer HTTP/2 with one.
    socket.on("error", () => socket.destroy());
    if (req.method === "GET" || req.method === "HEAD") {
      void node.handler(req, responseFor(req, socket));
    } else {
      // Node no longer reads the body of such a request.
      denyUpgrade(
        req,
        socket,
        new HTTPError(400, { detail: "Only WebSocket upgrades are supported here." }),
      );
    }
  });
}

class RunningServer implements Server {
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly #core: Core;
  readonly #server: SrvxServer;
  readonly #sockets: SocketServer;
  #closed: Promise<void> | undefined;

  constructor(core: Core, server: SrvxServer, sockets: SocketServer) {
    const { address, family, port } = nodeServer(server).address() as AddressInfo;
    const host = family === "IPv6" ? `[${address}]` : address;
    this.hostname = address;
    this.port = port;
    this.url = `${server.options.tls ? "https" : "http"}://${host}:${port}`;
    this.#core = core;
    this.#server = server;
    this.#sockets = sockets;
  }

  async close({ timeout = DEFAULT_TIMEOUT } = {}): Promise<void> {
    this.#closed ??= this.#close();
    const node = nodeServer(this.#server);
    const sockets = this.#sockets.close(timeout);
    const timer = setTimeout(() => node.closeAllConnections(), timeout * 1000);
    await sockets;
    await this.#closed;
    clearTimeout(timer);
  }

  async #close(): Promise<void> {
    const node = nodeServer(this.#server);
    // An idle keep-alive connection would delay the end.
    const idle = setInterval(() => node.closeIdleConnections(), 50);
    try {
      await this.#server.close();
    } finally {
      clearInterval(idle);
    }
    await this.#core.lifecycle.stop();
  }
}

function nodeServer({ node }: SrvxServer): HttpServer {
  return node!.server as HttpServer;
}
