import {
  appProtocols,
  offeredProtocols,
  factsOf,
  type RequestFacts,
  type SessionContext,
} from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Peer } from "crossws";
import type { NodeAdapter, NodeOptions } from "crossws/adapters/node";
import { H3Event } from "h3";
import { FastURL, NodeRequest } from "srvx/node";
import type { Core } from "../core.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import { middlewareOf } from "../middleware.ts";
import { heldOf, HttpRequest } from "../request.ts";
import type { AnyMiddleware } from "../route.ts";
import { nodeAdapter } from "../seams.ts";
import { FirstOfSeveral } from "../several.ts";
import { denyUpgrade, denyUpgradeWith } from "./answer.ts";
import { runAround } from "./around.ts";
import { Backlog } from "./backlog.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import { Handshake, type HandshakeContext } from "./handshake.ts";
import { runView } from "./run.ts";
import { SocketSession } from "./session.ts";
import { Socket } from "./socket.ts";

/** Seconds between two pings. A client that does not answer in between is disconnected. */
const HEARTBEAT = 30;

/** The route of a handshake. */
type Match = NonNullable<ReturnType<Core["findSocket"]>>;

/** A request for a socket, as Node passes it. */
interface Upgrade {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly event: H3Event;
  readonly match: Match | undefined;
}

type ServerOptions = NonNullable<NodeOptions["serverOptions"]>;

/** The characters that a Host may contain. Later checks interpret it. */
const HOST = /^[\w.:[\]-]+$/;

/**
 * Passes a Node server's upgrades to the views. It finds paths in the app's own table and hands the
 * requests directly to crossws.
 */
export class SocketServer {
  readonly backlog = new Backlog();
  readonly #core: Core;
  readonly #connections = new Set<Connection>();
  // The largest message is an option of the whole crossws adapter, so each size needs its own
  // adapter.
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

  /** Handles the `upgrade` event of a server. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node removed its own listener, and an error without a listener ends the process.
    socket.on("error", destroy);
    try {
      const event = new H3Event(requestOf(req));
      const upgrade: Upgrade = { req, socket, head, event, match: this.#matchOf(event) };
      const stack = middlewareOf(upgrade.match?.endpoint.owners ?? [this.#core]);
      if (stack.length > 0) {
        this.#track(this.#startInside(stack, upgrade));
        return;
      }
      const { sessions, otherSessions } = this.#core;
      const { match, facts } = this.#check(upgrade);
      const cookies = facts.header("cookie");
      const context = sessions?.open(cookies, facts);
      const others = otherSessions.map((each) => each.open(cookies, facts));
      this.#start(upgrade, match, this.#openHandshake(upgrade, match.endpoint, context, others));
    } catch (error) {
      if (!(error instanceof HTTPError)) logError(`The upgrade of ${req.url} failed:`, error);
      denyUpgrade(req, socket, error instanceof HTTPError ? error : new HTTPError(500));
    }
  }

  /**
   * Closes all sockets with 1001 and accepts no more. Resolves when they and their views have
   * ended. After `timeout` seconds all open connections are cut.
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

  /** Resolves the promises that wait for all views and handshakes to end. */
  #rest(): void {
    if (this.#connections.size > 0 || this.#runningViews > 0) return;
    for (const tell of this.#onRest.splice(0)) tell();
  }

  /** Makes `close` wait for this promise. */
  #track(running: Promise<void>): void {
    this.#runningViews += 1;
    void running.then(() => {
      this.#runningViews -= 1;
      this.#rest();
    });
  }

  #matchOf(event: H3Event): Match | undefined {
    return isDecodable(event.url.pathname) ? this.#core.findSocket(event) : undefined;
  }

  /** Throws if a handshake must be denied. Runs before any code of the app. */
  #check({ req, event, match }: Upgrade): { match: Match; facts: RequestFacts } {
    if (this.#isClosing) throw new HTTPError(503);
    if (!isDecodable(event.url.pathname)) throw new HTTPError(400);
    if (match === undefined) throw new HTTPError(404);
    // ws checks this too, but only after the view has run.
    const key = req.headers["sec-websocket-key"] ?? "";
    if (req.method !== "GET" || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
      throw new HTTPError(400, { detail: "The request is not a WebSocket handshake." });
    }
    if (req.headers["sec-websocket-version"] !== "13") {
      throw new HTTPError(426, { headers: { "sec-websocket-version": "13" } });
    }
    const { sessions, otherSessions, hosts } = this.#core;
    const facts = factsOf(event.req);
    let denial = sessions ? sessions.checkHandshake(facts) : hosts?.host(facts);
    for (const each of otherSessions) denial ??= each.checkHandshake(facts);
    if (denial) throw new HTTPError(denial.status, { denial, detail: denial.message });
    return { match, facts };
  }

  /** Starts the view if the middleware calls `next`, and answers otherwise. */
  async #startInside(stack: readonly AnyMiddleware[], upgrade: Upgrade): Promise<void> {
    const { req, socket, event, match } = upgrade;
    const request = new HttpRequest<never, never>(event, this.#core);
    const held = heldOf(request);
    const others = held instanceof FirstOfSeveral ? held.others.map(({ context }) => context) : [];
    const handshake = match && this.#openHandshake(upgrade, match.endpoint, held?.context, others);
    const response = await runAround(stack, match?.endpoint.owners ?? [this.#core], request, {
      check: () => void this.#check(upgrade),
      start: (gate) => {
        if (match === undefined || handshake === undefined) throw new HTTPError(404);
        // The client may have disconnected meanwhile, or the server may be about to stop.
        if (socket.destroyed || handshake.isAnswered) throw new HTTPError(503);
        handshake.guard(gate);
        this.#start(upgrade, match, handshake);
      },
    });
    if (response === undefined || handshake?.isAnswered === true) return;
    await denyUpgradeWith(req, socket, response);
    handshake?.connection.closed(1006, "");
  }

  #openHandshake(
    { req, socket }: Upgrade,
    endpoint: SocketEndpoint,
    context: SessionContext<never> | undefined,
    others: readonly SessionContext<never>[],
  ): Handshake {
    const session = context && new SocketSession(context, others);
    const offered = offeredProtocols(req.headers["sec-websocket-protocol"]);
    const handshake = new Handshake(this, endpoint, session, offered, req, socket);
    this.#connections.add(handshake.connection);
    return handshake;
  }

  #start(
    { req, socket, head, event }: Upgrade,
    { endpoint, params }: Match,
    handshake: Handshake,
  ): void {
    const { connection, session, protocols: offered } = handshake;
    const protocols = offered.length === 0 ? offered : appProtocols(offered);
    const parts = { event, params, protocols, endpoint, connection, session };
    const ws = new Socket<never, never, never>(parts);
    this.#track(runView(endpoint, connection, session, ws));
    // crossws passes the context of a request to its peer.
    event.req.context = { handshake };
    void this.#adapterFor(endpoint.maxMessageSize).handleUpgrade(req, socket, head, event.req);
  }

  #adapterFor(maxPayload: number): NodeAdapter {
    let adapter = this.#adapters.get(maxPayload);
    if (adapter === undefined) {
      adapter = nodeAdapter({
        // The default function for the namespace parses the URL of every request.
        getNamespace: () => "galleta",
        // Off, because crossws' heartbeat would drop a slow client whose socket is not read.
        idleTimeout: 0,
        // Off, because ws answers every ping however many answers wait (see Pongs). The types of
        // crossws lack this newer option.
        serverOptions: { maxPayload, clientTracking: false, autoPong: false } as ServerOptions,
        hooks: {
          upgrade: ({ context }) => (context as HandshakeContext).handshake.answered(),
          open: (peer) => this.#opened(peer),
          message: (peer, message) => {
            handshakeOf(peer).receive(message.rawData as string | Uint8Array);
          },
          ping: (peer, data) => connectionBehind(peer).pinged(data),
          pong: (peer) => {
            connectionBehind(peer).isAlive = true;
          },
          drain: (peer) => connectionBehind(peer).drained(),
          close: (peer, { code = 1006, reason = "" }) =>
            connectionBehind(peer).closed(code, reason),
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

  /** Called when a socket is closed. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#rest();
  }
}

/** Makes a Request with the URL only. srvx would ask the system for the client's address. */
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

function connectionBehind(peer: Peer): Connection {
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
