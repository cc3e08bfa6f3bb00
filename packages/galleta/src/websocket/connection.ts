import type { JsonValue } from "@galleta/session";
import { escapeMessage, negotiate } from "@galleta/session/adapter";
import type { Peer } from "crossws";
import { GalletaError, WebSocketDisconnect } from "../errors.ts";
import { handled } from "../handled.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import type { ValueType } from "../route.ts";
import type { Backlog } from "./backlog.ts";
import { decode } from "./decode.ts";
import { Inbox, type Source } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import { Pongs } from "./pongs.ts";

/** What the handshake is answered with. */
export type Verdict =
  | {
      readonly accepted: true;
      readonly headers: Headers | undefined;
      readonly protocol: string | undefined;
    }
  | { readonly accepted: false; readonly error: HTTPError; readonly setCookie: readonly string[] };

/** Options of `ws.accept`. */
export interface AcceptOptions {
  /** The subprotocol that is spoken, one of those the client offers (RFC 6455 §1.9). */
  readonly protocol?: string;
  /** Further headers for the 101. */
  readonly headers?: HeadersInit;
}

/** What a connection asks of its surroundings. */
export interface ConnectionHooks {
  /** The subprotocols that the client offers. */
  readonly protocols: readonly string[];
  /** Saves the session and makes it read-only. Gives the Set-Cookie headers. */
  saveSession(): Promise<readonly string[]> | readonly string[];
  /** Answers the handshake. Called once, unless the client goes away before. */
  answer(verdict: Verdict): void;
  /** Answers a handshake with 503 that the view did not answer in time. */
  expire(): void;
  /** The socket is closed, whoever closed it. */
  closed(): void;
}

/** The options of a route that a connection looks at. */
export interface ConnectionOptions {
  /** What messages are. */
  readonly valueType: ValueType;
  readonly maxMessageSize: number;
  readonly maxQueue: number;
}

/** Closes that end the loop over messages quietly: done, left the page, no code. */
const QUIET: ReadonlySet<number> = new Set([1000, 1001, 1005]);

const OPEN = Promise.resolve();

/** A message, as the view gets it. */
type Value = string | Uint8Array | JsonValue;

/** What ws offers beyond the standard WebSocket. */
type NodeSocket = {
  pause?(): void;
  resume?(): void;
  pong?(data: Uint8Array, mask: boolean, sent: () => void): void;
};

/**
 * One socket from its handshake to its end:
 * pending -> accepting -> open -> closing -> closed. A client may go away in any of them.
 */
export class Connection implements Source<string | Uint8Array, Value> {
  /** Whether the client was heard of since this was last set to false. */
  isAlive = true;
  /** Whether the page speaks `galleta.v1`, so that control frames can be sent. */
  isLive = false;
  readonly inbox: Inbox<string | Uint8Array, Value>;
  readonly #valueType: ValueType;
  readonly #hooks: ConnectionHooks;
  readonly #backlog: Backlog;
  /** Made for a client that pings; browsers do not. */
  #pongs: Pongs | undefined;
  #state: "pending" | "accepting" | "open" | "closing" | "closed" = "pending";
  #peer: Peer | undefined;
  #outbox: Outbox | undefined;
  #opened: Promise<void> | undefined;
  #onDecided: (() => void) | undefined;
  #disconnect: WebSocketDisconnect | undefined;
  #abort: AbortController | undefined;
  /** A close that came between the decision and the 101. */
  #closing: { readonly code: number; readonly reason: string } | undefined;

  constructor(options: ConnectionOptions, hooks: ConnectionHooks, backlog: Backlog) {
    this.#valueType = options.valueType;
    this.#hooks = hooks;
    this.#backlog = backlog;
    this.inbox = new Inbox(options, this, backlog);
  }

  get isPending(): boolean {
    return this.#state === "pending";
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The code that the socket was closed with. */
  get closeCode(): number | undefined {
    return this.#disconnect?.closeCode;
  }

  /** Aborted when the socket closes, from either side. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#disconnect) this.#abort.abort(this.#disconnect);
    return this.#abort.signal;
  }

  /** Answers the handshake with 101, with the cookies of the session. */
  accept(options: AcceptOptions = {}): Promise<void> {
    if (this.#state !== "pending") {
      const reason = this.#disconnect ?? stateError("The handshake is answered already.");
      return Promise.reject(reason);
    }
    return (this.#opened = this.#accept(options));
  }

  /** Resolves when the socket is open; accepts it where nothing was decided yet. */
  open(autoAccept: boolean): Promise<void> {
    if (this.#state !== "pending") return this.#opened ?? this.accept();
    if (autoAccept) return this.accept();
    return Promise.reject(stateError("Call ws.accept() first: autoAccept is false."));
  }

  async #accept({ protocol, headers: extra }: AcceptOptions): Promise<void> {
    if (protocol !== undefined && !this.#hooks.protocols.includes(protocol)) {
      throw stateError("The client does not offer this protocol.");
    }
    const answer = negotiate(this.#hooks.protocols, protocol);
    // Made before anything is decided: a header may be malformed.
    let headers = extra && new Headers(extra);
    this.#state = "accepting";
    try {
      const saved = this.#hooks.saveSession();
      const cookies = saved instanceof Promise ? await saved : (saved as readonly string[]);
      if (cookies.length > 0) headers ??= new Headers();
      for (const cookie of cookies) headers?.append("set-cookie", cookie);
    } catch (error) {
      this.#refuse(new HTTPError(500), []);
      throw error;
    }
    this.isLive = answer.isLive;
    // The client may have gone away while the session was saved, and may do so until it is open.
    if (this.#disconnect) throw this.#disconnect;
    const decided = new Promise<void>((resolve) => (this.#onDecided = resolve));
    this.#hooks.answer({ accepted: true, headers, protocol: answer.protocol });
    await decided;
    if (this.#peer === undefined) throw this.#disconnect;
    // From now on one promise does for all: there may be very many sockets.
    this.#opened = OPEN;
  }

  /** Answers the handshake with an error status. What was changed in the session is saved. */
  reject(error: HTTPError): Promise<void> {
    if (this.#state !== "pending") {
      return Promise.reject(stateError("The handshake is answered already."));
    }
    this.#state = "accepting";
    const rejected = this.#savedAnyway().then((setCookie) => this.#refuse(error, setCookie));
    this.#opened = handled(
      rejected.then(() => {
        throw this.#disconnect;
      }),
    );
    return rejected;
  }

  /** A handshake that is refused already gets no second refusal for its session. */
  async #savedAnyway(): Promise<readonly string[]> {
    try {
      return await this.#hooks.saveSession();
    } catch (error) {
      logError("The session of a socket could not be saved:", error);
      return [];
    }
  }

  /** Answers at once, and saves nothing. */
  #refuse(error: HTTPError, setCookie: readonly string[]): void {
    if (this.#state === "closed") return;
    this.#hooks.answer({ accepted: false, error, setCookie });
    this.closed(1006, "");
  }

  /** Sends; resolves when the client keeps up. */
  send(data: string | Uint8Array): Promise<void> {
    if (this.#outbox === undefined || this.#state !== "open") {
      return handled(Promise.reject(this.#disconnect ?? new WebSocketDisconnect(1006)));
    }
    return this.#outbox.send(this.isLive && typeof data === "string" ? escapeMessage(data) : data);
  }

  /** Sends a control frame, which the page keeps from the app. */
  sendControl(frame: string): void {
    if (this.#state === "open") void this.#outbox?.send(frame);
  }

  /** Starts to close, at the latest when the socket is open. Messages that wait are dropped. */
  close(code: number, reason: string, error?: WebSocketDisconnect): void {
    if (this.#state === "accepting") this.#closing ??= { code, reason };
    if (this.#state !== "open") return;
    this.#peer?.close(code, reason);
    this.#state = "closing";
    this.#disconnect = error ?? new WebSocketDisconnect(code, reason);
    this.inbox.discard(error);
    this.#outbox?.end(this.#disconnect);
    this.#abort?.abort(this.#disconnect);
  }

  /** The server stops: a client is told to come back elsewhere, or later. */
  async leave(): Promise<void> {
    if (this.#state === "pending") await this.reject(new HTTPError(503));
    else this.close(1001, "");
  }

  /** Breaks the connection, without a word. */
  terminate(): void {
    this.#peer?.terminate();
  }

  /**
   * Asks the client whether it is there; breaks the connection when it did not answer before. A
   * handshake that was open at the last beat already is refused.
   */
  beat(): void {
    if (this.#state === "pending" || this.#state === "accepting") return this.#beatHandshake();
    if (this.#state !== "open") return;
    // A client that is made to wait cannot answer a ping.
    if (this.inbox.isPaused) return this.inbox.beat();
    if (!this.isAlive) return this.terminate();
    this.isAlive = false;
    this.#peer?.ping();
  }

  #beatHandshake(): void {
    if (this.isAlive) {
      this.isAlive = false;
      return;
    }
    this.#hooks.expire();
    this.closed(1006, "");
  }

  /** The 101 went out. */
  opened(peer: Peer): void {
    this.isAlive = true;
    this.#peer = peer;
    this.#outbox = new Outbox(peer, this.#backlog);
    this.#state = "open";
    this.#onDecided?.();
    this.#onDecided = undefined;
    if (this.#closing) this.close(this.#closing.code, this.#closing.reason);
  }

  /** The client asks whether this side is there (RFC 6455 §5.5.2). */
  pinged(data: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#pongs ??= new Pongs((echo, sent) => {
      (this.#peer?.websocket as NodeSocket | undefined)?.pong?.(echo, false, sent);
    });
    this.#pongs.answer(data);
  }

  /** Messages that waited for the view were given up, and the view would miss them. */
  overrun(): void {
    const reason = "Messages wait for too long.";
    this.close(1013, reason, new WebSocketDisconnect(1013, reason));
  }

  drained(): void {
    this.#outbox?.drained();
  }

  /** The TCP connection is gone. Once the socket was open, ws tells more of its end. */
  lost(): void {
    if (this.#peer === undefined) this.closed(1006, "");
  }

  /** The connection is gone. Where this side closed it, the code is its own. */
  closed(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const wasOurs = this.#state === "closing";
    this.#state = "closed";
    this.#disconnect ??= new WebSocketDisconnect(code, reason);
    this.inbox.end(wasOurs || QUIET.has(code) ? undefined : this.#disconnect);
    this.#outbox?.end(this.#disconnect);
    this.#abort?.abort(this.#disconnect);
    this.#onDecided?.();
    this.#hooks.closed();
  }

  /** Makes the client wait. */
  pause(): void {
    (this.#peer?.websocket as NodeSocket | undefined)?.pause?.();
  }

  /** Reads on. */
  resume(): void {
    (this.#peer?.websocket as NodeSocket | undefined)?.resume?.();
  }

  /** A message that is not what the route takes is the client's fault, and its end. */
  read(raw: string | Uint8Array): Value {
    const type = this.#valueType;
    try {
      return decode(type, raw);
    } catch {
      const error = new WebSocketDisconnect(1007, `not ${type}`);
      this.close(error.closeCode, error.reason, error);
      throw error;
    }
  }
}

function stateError(message: string): GalletaError<"ERR_GALLETA_WEBSOCKET_STATE"> {
  return new GalletaError("ERR_GALLETA_WEBSOCKET_STATE", message);
}
