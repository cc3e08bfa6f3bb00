import { readFrame } from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { HTTPError } from "../http-error.ts";
import { warnOnce } from "../log.ts";
import { denyUpgrade, denyUpgradeWith } from "./answer.ts";
import type { Backlog } from "./backlog.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHooks, Verdict } from "./connection-hooks.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./socket-session.ts";

/**
 * The result that crossws gets for a handshake: upgrade, or stop because the handshake was already
 * answered.
 */
type Answer = { headers?: Headers; protocol?: string } | { handled: true };

/** The context of a request, through which crossws passes the Handshake to the open socket. */
export interface HandshakeContext extends Record<string, unknown> {
  readonly handshake: Handshake;
}

/**
 * Delays the answer to a handshake until the middleware around it has finished. Resolves with the
 * view's answer, perhaps with more headers, or with a response to send instead.
 */
export type Gate = (verdict: Verdict) => Promise<Verdict | Response>;

/** The parts of the server that a handshake uses. */
interface Keeper {
  /** Counts the bytes of the messages that wait on all sockets. */
  readonly backlog: Backlog;
  /** Called when the socket is closed. */
  forget(connection: Connection): void;
}

/**
 * Connects the upgrade request of Node, the WebSocket view and crossws. Every open socket keeps one
 * Handshake, so this object is small and drops what it needs only until the handshake is answered.
 */
export class Handshake implements ConnectionHooks {
  readonly connection: Connection;
  readonly session: SocketSession | undefined;
  readonly protocols: readonly string[];
  readonly #keeper: Keeper;
  /** The request and its TCP connection, until the handshake is answered. */
  #request: { readonly req: IncomingMessage; readonly socket: Duplex } | undefined;
  #answer: Answer | undefined;
  #onAnswer: ((answer: Answer) => void) | undefined;
  #onLost: (() => void) | undefined;
  #gate: Gate | undefined;

  constructor(
    keeper: Keeper,
    endpoint: SocketEndpoint,
    session: SocketSession | undefined,
    protocols: readonly string[],
    req: IncomingMessage,
    socket: Duplex,
  ) {
    this.#keeper = keeper;
    this.session = session;
    this.protocols = protocols;
    this.#request = { req, socket };
    this.connection = new Connection(endpoint, this, keeper.backlog);
    // If the client disconnects before the answer, this is the only event for it.
    this.#onLost = () => this.connection.lost();
    socket.once("close", this.#onLost);
  }

  /** Delays the answer to the handshake until the middleware has finished. */
  guard(gate: Gate): void {
    this.#gate = gate;
  }

  /** True if the handshake was answered, is being answered, or the client has disconnected. */
  get isAnswered(): boolean {
    return this.#answer !== undefined || !this.connection.isPending;
  }

  /** Waits until the view or the server answers the handshake. Called by crossws. */
  answered(): Answer | Promise<Answer> {
    return this.#answer ?? new Promise((resolve) => (this.#onAnswer = resolve));
  }

  /**
   * Called when the 101 response was sent. From then on the library ws reports the end of the
   * connection.
   */
  opened(): this {
    if (this.#onLost) this.#request?.socket.off("close", this.#onLost);
    this.#request = this.#answer = this.#onAnswer = this.#onLost = undefined;
    return this;
  }

  /**
   * Passes a message of the client to the view. A Galleta frame, a text message that Galleta's
   * client sends for itself, goes to the session.
   */
  receive(raw: string | Uint8Array): void {
    const { connection } = this;
    connection.isAlive = true;
    if (!connection.isLive || typeof raw !== "string") {
      this.#deliver(raw);
      return;
    }
    const frame = readFrame(raw);
    if ("control" in frame) this.session?.receive(frame.control);
    else this.#deliver(frame.message);
  }

  #deliver(message: string | Uint8Array): void {
    this.session?.active();
    this.connection.inbox.push(message, message.length);
  }

  saveSession(): Promise<readonly string[]> | readonly string[] {
    return this.session?.save() ?? [];
  }

  answer(verdict: Verdict): void {
    const gate = this.#gate;
    this.#gate = undefined;
    if (gate === undefined) this.#send(verdict);
    else void gate(verdict).then((answer) => this.#sendInstead(verdict, answer));
  }

  expire(): void {
    const path = this.#request?.req.url?.split("?", 1)[0];
    warnOnce(
      `The WebSocket view of ${path} did not answer its handshake for more than 30 s, so the ` +
        "handshake was denied with 503. Call ws.accept() or ws.reject(), or send or receive a message, before a long wait.",
    );
    this.#gate = undefined;
    this.#send({ accepted: false, error: new HTTPError(503), setCookie: [] });
  }

  closed(): void {
    // A middleware that waits for the view must not wait forever.
    void this.#gate?.({ accepted: false, error: new HTTPError(400), setCookie: [] });
    this.#gate = undefined;
    this.session?.closed();
    this.#keeper.forget(this.connection);
  }

  #send(verdict: Verdict): void {
    if (!verdict.accepted && this.#request) {
      denyUpgrade(this.#request.req, this.#request.socket, verdict.error, verdict.setCookie);
    }
    this.#finish(toAnswer(verdict));
  }

  #sendInstead(verdict: Verdict, answer: Verdict | Response): void {
    if (!(answer instanceof Response)) return this.#send(answer);
    if (this.#request) {
      const { req, socket } = this.#request;
      void denyUpgradeWith(req, socket, answer, cookiesOf(verdict));
    }
    this.#finish({ handled: true });
    this.connection.closed(1006, "");
  }

  #finish(answer: Answer): void {
    this.#answer = answer;
    this.#onAnswer?.(answer);
  }
}

/** Returns the cookies of the session that was saved when the view answered the handshake. */
function cookiesOf(verdict: Verdict): readonly string[] {
  return verdict.accepted ? (verdict.headers?.getSetCookie() ?? []) : verdict.setCookie;
}

function toAnswer(verdict: Verdict): Answer {
  if (!verdict.accepted) return { handled: true };
  const { headers, protocol } = verdict;
  return { ...(headers && { headers }), ...(protocol !== undefined && { protocol }) };
}
