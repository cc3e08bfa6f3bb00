import { readFrame } from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { refuse } from "./answer.ts";
import { Connection, type ConnectionHooks, type Verdict } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./session.ts";

/** What crossws is told: to upgrade, or that the handshake is answered already. */
type Answer = { headers?: Headers; protocol?: string } | { handled: true };

/** The context of a request, as crossws hands it to its peer. */
export interface HandshakeContext extends Record<string, unknown> {
  readonly handshake: Handshake;
}

/** What a handshake tells of its connection. */
interface Keeper {
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
    this.connection = new Connection(endpoint, this);
    // Where the client goes away before the handshake is answered, nothing else tells.
    this.#onLost = () => this.connection.lost();
    socket.once("close", this.#onLost);
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
    if (!verdict.accepted && this.#request) {
      refuse(this.#request.req, this.#request.socket, verdict.error, verdict.setCookie);
    }
    this.#answer = toAnswer(verdict);
    this.#onAnswer?.(this.#answer);
  }

  closed(): void {
    this.session?.closed();
    this.#keeper.forget(this.connection);
  }
}

function toAnswer(verdict: Verdict): Answer {
  if (!verdict.accepted) return { handled: true };
  const { headers, protocol } = verdict;
  return { ...(headers && { headers }), ...(protocol !== undefined && { protocol }) };
}
