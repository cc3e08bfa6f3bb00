import {
  appProtocols,
  offeredProtocols,
  type RequestFacts,
  type SessionContext,
} from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Peer } from "crossws";
import type { NodeAdapter } from "crossws/adapters/node";
import type { Core } from "../core.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import { middlewareOf } from "../middleware.ts";
import { heldOf, HttpRequest } from "../request.ts";
import type { AnyMiddleware } from "../route.ts";
import { FirstOfSeveral } from "../several.ts";
import { denyUpgrade, denyUpgradeWith } from "./answer.ts";
import { runAround } from "./around.ts";
import { Backlog } from "./backlog.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import { Handshake } from "./handshake.ts";
import { adapterFor, handshakeOf } from "./peers.ts";
import { runView } from "./run-view.ts";
import { SocketSession } from "./socket-session.ts";
import { Socket } from "./socket.ts";
import { checkUpgrade, readUpgrade, type Match, type Upgrade } from "./upgrade.ts";

/** Seconds between two pings. A client that has not answered by the next ping is disconnected. */
const HEARTBEAT = 30;

/**
 * Passes the WebSocket handshakes of a Node server to the views. It looks up the path in the app's
 * own routes and hands the request directly to crossws.
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
      const upgrade = readUpgrade(this.#core, req, socket, head);
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
   * Closes all sockets with 1001 and denies new ones. Resolves when all sockets are closed and
   * their views have returned. Connections that are still open after `timeout` seconds are
   * terminated.
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

  /** Lets `close` finish if all sockets are closed and all views have returned. */
  #rest(): void {
    if (this.#connections.size > 0 || this.#runningViews > 0) return;
    for (const tell of this.#onRest.splice(0)) tell();
  }

  /** Makes `close` wait until this promise resolves. */
  #track(running: Promise<void>): void {
    this.#runningViews += 1;
    void running.then(() => {
      this.#runningViews -= 1;
      this.#rest();
    });
  }

  #check(upgrade: Upgrade): { match: Match; facts: RequestFacts } {
    if (this.#isClosing) throw new HTTPError(503);
    return checkUpgrade(this.#core, upgrade);
  }

  /**
   * Runs the app's middleware for a handshake. Starts the view if the middleware calls `next`;
   * otherwise sends the response of the middleware.
   */
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
      adapter = adapterFor(maxPayload, (peer) => this.#opened(peer));
      this.#adapters.set(maxPayload, adapter);
    }
    return adapter;
  }

  #opened(peer: Peer): void {
    const { connection, session } = handshakeOf(peer).opened();
    connection.opened(peer);
    session?.opened(connection);
  }

  /** Called when a socket is closed: the server no longer pings it or waits for it. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#rest();
  }
}

function destroy(this: Duplex): void {
  this.destroy();
}
