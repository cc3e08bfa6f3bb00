import { appProtocols, factsOf } from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Peer } from "crossws";
// The one without the check that it runs on Node: Bun and Deno have what it needs of node:http.
import { _nodeAdapter as nodeAdapter, type NodeAdapter } from "crossws/adapters/node";
import { H3Event } from "h3";
import { FastURL, NodeRequest } from "srvx/node";
import type { Core } from "../core.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import { refuse } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import { Handshake, type HandshakeContext } from "./handshake.ts";
import { runView } from "./run.ts";
import { SocketSession } from "./session.ts";
import { Socket } from "./socket.ts";

/** Seconds between two pings. A client that answered none in between is gone. */
const HEARTBEAT = 30;

const NONE: readonly string[] = Object.freeze([]);

/** What a Host may be made of; what it means is checked where it matters. */
const HOST = /^[\w.:[\]-]+$/;

/**
 * Takes upgrades from a Node server to the views. Paths are resolved from the app's own table,
 * straight into crossws.
 */
export class SocketServer {
  readonly #core: Core;
  readonly #connections = new Set<Connection>();
  // The largest message is a setting of the whole adapter, so each size has one of its own.
  readonly #adapters = new Map<number, NodeAdapter>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #onRest: (() => void)[] = [];
  #runningViews = 0;
  #isClosing = false;

  constructor(core: Core) {
    this.#core = core;
    this.#heartbeat = setInterval(() => {
      for (const connection of this.#connections) connection.beat();
    }, HEARTBEAT * 1000).unref();
  }

  /** A listener for the `upgrade` event of a server. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node took its own listener away, and an error without one ends the process.
    socket.on("error", destroy);
    try {
      const event = new H3Event(requestOf(req));
      const match = this.#check(req, event);
      this.#start(req, socket, head, event, match);
    } catch (error) {
      if (!(error instanceof HTTPError)) logError(`The upgrade of ${req.url} failed:`, error);
      refuse(req, socket, error instanceof HTTPError ? error : new HTTPError(500));
    }
  }

  /**
   * Closes all sockets with 1001 and takes no more. Resolves when they and their views are
   * through; those that are not after `timeout` seconds are cut off.
   */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#heartbeat);
    for (const connection of this.#connections) void connection.leave();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout * 1000);
      this.#onRest.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#rest();
    });
    for (const connection of this.#connections) connection.terminate();
  }

  /** Tells those who wait for it that nothing runs any more. */
  #rest(): void {
    if (this.#connections.size > 0 || this.#runningViews > 0) return;
    for (const tell of this.#onRest.splice(0)) tell();
  }

  /** The route of a handshake, once everything that speaks against it is ruled out. */
  #check(req: IncomingMessage, event: H3Event) {
    if (this.#isClosing) throw new HTTPError(503);
    if (!isDecodable(event.url.pathname)) throw new HTTPError(400);
    const match = this.#core.findSocket(event);
    if (match === undefined) throw new HTTPError(404);
    // ws checks this too, but only after the view was asked.
    const key = req.headers["sec-websocket-key"] ?? "";
    if (req.method !== "GET" || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
      throw new HTTPError(400, { detail: "This is no WebSocket handshake." });
    }
    if (req.headers["sec-websocket-version"] !== "13") {
      throw new HTTPError(426, { headers: { "sec-websocket-version": "13" } });
    }
    return match;
  }

  #start(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    event: H3Event,
    { endpoint, params }: { endpoint: SocketEndpoint; params: Record<string, string> },
  ): void {
    const { sessions, hosts } = this.#core;
    const facts = factsOf(event.req);
    const refusal = sessions ? sessions.checkHandshake(facts) : hosts?.host(facts);
    if (refusal) throw new HTTPError(refusal.status, { refusal, detail: refusal.message });

    const session = sessions && new SocketSession(sessions, facts);
    const offered = readProtocols(req.headers["sec-websocket-protocol"]);
    const handshake = new Handshake(this, endpoint, session, offered, req, socket);
    const { connection } = handshake;
    this.#connections.add(connection);

    const protocols = offered === NONE ? NONE : appProtocols(offered);
    const parts = { event, params, protocols, endpoint, connection, session };
    const ws = new Socket<never, never, never>(parts);
    this.#runningViews += 1;
    void runView(endpoint, connection, session, ws).then(() => {
      this.#runningViews -= 1;
      this.#rest();
    });
    // crossws hands the context of a request to its peer.
    event.req.context = { handshake };
    void this.#adapterFor(endpoint.maxMessageSize).handleUpgrade(req, socket, head, event.req);
  }

  #adapterFor(maxPayload: number): NodeAdapter {
    let adapter = this.#adapters.get(maxPayload);
    if (adapter === undefined) {
      adapter = nodeAdapter({
        // The default namespace parses the URL of every request.
        getNamespace: () => "galleta",
        // Its own heartbeat would cut off a client that is made to wait.
        idleTimeout: 0,
        serverOptions: { maxPayload, clientTracking: false },
        hooks: {
          upgrade: ({ context }) => (context as HandshakeContext).handshake.answered(),
          open: (peer) => this.#opened(peer),
          message: (peer, message) => {
            handshakeOf(peer).receive(message.rawData as string | Uint8Array);
          },
          pong: (peer) => {
            connectionOf(peer).isAlive = true;
          },
          drain: (peer) => connectionOf(peer).drained(),
          close: (peer, { code = 1006, reason = "" }) => connectionOf(peer).closed(code, reason),
        },
      });
      this.#adapters.set(maxPayload, adapter);
    }
    return adapter;
  }

  #opened(peer: Peer): void {
    const { connection, session } = handshakeOf(peer).opened();
    connection.opened(peer);
    session?.opened(connection);
  }

  /** A socket is closed. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#rest();
  }
}

/** A request with its URL. To leave that to srvx would ask the system for the client's address. */
function requestOf(req: IncomingMessage) {
  const { host } = req.headers;
  const target = req.url ?? "";
  if (!target.startsWith("/") || host === undefined || !HOST.test(host)) throw new HTTPError(400);
  const request = new NodeRequest({ req });
  const protocol = "encrypted" in req.socket && req.socket.encrypted === true ? "https:" : "http:";
  const query = target.indexOf("?");
  const pathname = query < 0 ? target : target.slice(0, query);
  const search = query < 0 ? "" : target.slice(query);
  request._url = new FastURL({ protocol, host, pathname, search });
  return request;
}

function handshakeOf(peer: Peer): Handshake {
  return (peer.context as HandshakeContext).handshake;
}

function connectionOf(peer: Peer): Connection {
  return handshakeOf(peer).connection;
}

function destroy(this: Duplex): void {
  this.destroy();
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}

function readProtocols(header: string | undefined): readonly string[] {
  return header === undefined ? NONE : header.split(",").map((name) => name.trim());
}
