import { readFrame } from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { HTTPError } from "../http-error.ts";
import { warnOnce } from "../log.ts";
import { refuse, refuseWith } from "./answer.ts";
import type { Backlog } from "./backlog.ts";
import { Connection, type ConnectionHooks, type Verdict } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./session.ts";

/** What crossws is told: to upgrade, or that the handshake is answered already. */
type Answer = { headers?: Headers; protocol?: string } | { handled: true };

/** The context of a request, as crossws hands it to its peer. */
export interface HandshakeContext extends Record<string, unknown> {
  readonly handshake: Handshake;
}

/**
 * Holds an answer back until the middleware around the handshake is through. Gives what is sent: the
 * 101, perhaps with more headers, or a response in its place.
 */
export type Gate = (verdict: Verdict) => Promise<Verdict | Response>;

/** What a handshake tells of its connection. */
interface Keeper {
  /** What waits on all sockets. */
  readonly backlog: Backlog;
  /** The socket is closed. */
  forget(connection: Connection): void;
}

/**
 * What stands between Node's upgrade, the view and crossws. There is one for every socket as long
 * as it is open, so it holds little, and lets go of what was needed for the answer alone.
 */
export class Handshake implements ConnectionHooks {
  readonly connection: Connection;
  readonly session: SocketSession | undefined;
  readonly protocols: readonly string[];
  readonly #keeper: Keeper;
  /** What the handshake is answered on; only until it is. */
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
    // Where the client goes away before the handshake is answered, nothing else tells.
    this.#onLost = () => this.connection.lost();
    socket.once("close", this.#onLost);
  }

  /** Has every answer from here on pass through the middleware. */
  guard(gate: Gate): void {
    this.#gate = gate;
  }

  /** Whether an answer was given, or none is needed any more. */
  get isAnswered(): boolean {
    return this.#answer !== undefined || !this.connection.isPending;
  }

  /** For crossws: waits until the view has decided. */
  answered(): Answer | Promise<Answer> {
    return this.#answer ?? new Promise((resolve) => (this.#onAnswer = resolve));
  }

  /** The 101 went out. From here on ws tells of the end. */
  opened(): this {
    if (this.#onLost) this.#request?.socket.off("close", this.#onLost);
    this.#request = this.#answer = this.#onAnswer = this.#onLost = undefined;
    return this;
  }

  /** Gives a message to the view, and a control frame of the page to the session. */
  receive(raw: string | Uint8Array): void {
    const { connection } = this;
    connection.isAlive = true;
    if (!connection.isLive || typeof raw !== "string") {
      connection.inbox.push(raw, raw.length);
      return;
    }
    const frame = readFrame(raw);
    if ("control" in frame) this.session?.receive(frame.control);
    else connection.inbox.push(frame.message, frame.message.length);
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
      `The WebSocket view of ${path} did not answer its handshake for more than 30 s, so it was ` +
        "refused with 503. Call ws.accept() or ws.reject(), or send or receive, before a long wait.",
    );
    this.#gate = undefined;
    this.#send({ accepted: false, error: new HTTPError(503), setCookie: [] });
  }

  closed(): void {
    // A middleware that waits for the view must not wait for ever.
    void this.#gate?.({ accepted: false, error: new HTTPError(400), setCookie: [] });
    this.#gate = undefined;
    this.session?.closed();
    this.#keeper.forget(this.connection);
  }

  #send(verdict: Verdict): void {
    if (!verdict.accepted && this.#request) {
      refuse(this.#request.req, this.#request.socket, verdict.error, verdict.setCookie);
    }
    this.#tell(toAnswer(verdict));
  }

  #sendInstead(verdict: Verdict, answer: Verdict | Response): void {
    if (!(answer instanceof Response)) return this.#send(answer);
    if (this.#request) {
      const { req, socket } = this.#request;
      void refuseWith(req, socket, answer, cookiesOf(verdict));
    }
    this.#tell({ handled: true });
    this.connection.closed(1006, "");
  }

  #tell(answer: Answer): void {
    this.#answer = answer;
    this.#onAnswer?.(answer);
  }
}

/** The cookies of a session that was saved for this answer. */
function cookiesOf(verdict: Verdict): readonly string[] {
  return verdict.accepted ? (verdict.headers?.getSetCookie() ?? []) : verdict.setCookie;
}

function toAnswer(verdict: Verdict): Answer {
  if (!verdict.accepted) return { handled: true };
  const { headers, protocol } = verdict;
  return { ...(headers && { headers }), ...(protocol !== undefined && { protocol }) };
}
