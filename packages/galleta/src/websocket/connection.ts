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

/** The answer to a handshake. */
export type Verdict =
  | {
      readonly accepted: true;
      readonly headers: Headers | undefined;
      readonly protocol: string | undefined;
    }
  | { readonly accepted: false; readonly error: HTTPError; readonly setCookie: readonly string[] };

/** Options of `ws.accept`. */
export interface AcceptOptions {
  /** The subprotocol to use, one of those that the client offers (RFC 6455 §1.9). */
  readonly protocol?: string;
  /** Further headers for the 101. */
  readonly headers?: HeadersInit;
}

/** The environment of a connection. */
export interface ConnectionHooks {
  /** The subprotocols that the client offers. */
  readonly protocols: readonly string[];
  /** Saves the session and makes it read-only. Returns the Set-Cookie headers. */
  saveSession(): Promise<readonly string[]> | readonly string[];
  /** Answers the handshake. Called once, unless the client leaves before. */
  answer(verdict: Verdict): void;
  /** Answers with 503, because the view did not answer the handshake in time. */
  expire(): void;
  /** Called when either side closed the socket. */
  closed(): void;
}

/** The route options that a connection reads. */
export interface ConnectionOptions {
  /** The type of messages. */
  readonly valueType: ValueType;
  readonly maxMessageSize: number;
  readonly maxQueue: number;
}

/** Close codes that end the loop over messages without an error: done, page left, no code. */
const QUIET: ReadonlySet<number> = new Set([1000, 1001, 1005]);

const OPEN = Promise.resolve();

/** A message, as the view gets it. */
type Value = string | Uint8Array | JsonValue;

/** Members of a ws socket that the standard WebSocket lacks. */
type NodeSocket = {
  pause?(): void;
  resume?(): void;
  pong?(data: Uint8Array, mask: boolean, sent: () => void): void;
};

/**
 * One socket from its handshake to its end: pending -> accepting -> open -> closing -> closed. The
 * client may go away in any of these states.
 */
export class Connection implements Source<string | Uint8Array, Value> {
  /** True if the client sent anything since this was last set to false. */
  isAlive = true;
  /** True if the page speaks `galleta.v1`, so that control frames can be sent. */
  isLive = false;
  readonly inbox: Inbox<string | Uint8Array, Value>;
  readonly #valueType: ValueType;
  readonly #hooks: ConnectionHooks;
  readonly #backlog: Backlog;
  /** Made only for a client that pings; browsers do not. */
  #pongs: Pongs | undefined;
  #state: "pending" | "accepting" | "open" | "closing" | "closed" = "pending";
  #peer: Peer | undefined;
  #outbox: Outbox | undefined;
  #opened: Promise<void> | undefined;
  #onDecided: (() => void) | undefined;
  #disconnect: WebSocketDisconnect | undefined;
  #abort: AbortController | undefined;
  /** A close between the decision and the 101. */
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

  /** The socket's close code. */
  get closeCode(): number | undefined {
    return this.#disconnect?.closeCode;
  }

  /** Aborted when the socket closes, from either side. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#disconnect) this.#abort.abort(this.#disconnect);
    return this.#abort.signal;
  }

  /** Answers the handshake with 101 and the cookies of the session. */
  accept(options: AcceptOptions = {}): Promise<void> {
    if (this.#state !== "pending") {
      const reason = this.#disconnect ?? stateError("The handshake was already answered.");
      return Promise.reject(reason);
    }
    return (this.#opened = this.#accept(options));
  }

  /** Resolves when the socket is open. Accepts it if the view did not decide yet. */
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
    // Made before anything is decided, because a header may be malformed.
    let headers = extra && new Headers(extra);
    this.#state = "accepting";
    try {
      const saved = this.#hooks.saveSession();
      const cookies = saved instanceof Promise ? await saved : (saved as readonly string[]);
      if (cookies.length > 0) headers ??= new Headers();
      for (const cookie of cookies) headers?.append("set-cookie", cookie);
    } catch (error) {
      this.#deny(new HTTPError(500), []);
      throw error;
    }
    this.isLive = answer.isLive;
    // The client may have left while the session was saved, and may leave until the socket is open.
    if (this.#disconnect) throw this.#disconnect;
    const decided = new Promise<void>((resolve) => (this.#onDecided = resolve));
    this.#hooks.answer({ accepted: true, headers, protocol: answer.protocol });
    await decided;
    if (this.#peer === undefined) throw this.#disconnect;
    // All open sockets share one promise, because there may be very many.
    this.#opened = OPEN;
  }

  /** Answers the handshake with an error status. Changes to the session are saved. */
  reject(error: HTTPError): Promise<void> {
    if (this.#state !== "pending") {
      return Promise.reject(stateError("The handshake was already answered."));
    }
    this.#state = "accepting";
    const rejected = this.#savedAnyway().then((setCookie) => this.#deny(error, setCookie));
    this.#opened = handled(
      rejected.then(() => {
        throw this.#disconnect;
      }),
    );
    return rejected;
  }

  /** Saves the session of a denied handshake. A failure must not cause a second answer. */
  async #savedAnyway(): Promise<readonly string[]> {
    try {
      return await this.#hooks.saveSession();
    } catch (error) {
      logError("The session of a socket could not be saved:", error);
      return [];
    }
  }

  /** Answers immediately and saves nothing. */
  #deny(error: HTTPError, setCookie: readonly string[]): void {
    if (this.#state === "closed") return;
    this.#hooks.answer({ accepted: false, error, setCookie });
    this.closed(1006, "");
  }

  /** Sends a message. Resolves when the client keeps up. */
  send(data: string | Uint8Array): Promise<void> {
    if (this.#outbox === undefined || this.#state !== "open") {
      return handled(Promise.reject(this.#disconnect ?? new WebSocketDisconnect(1006)));
    }
    return this.#outbox.send(this.isLive && typeof data === "string" ? escapeMessage(data) : data);
  }

  /** Sends a control frame, which the page hides from the app. */
  sendControl(frame: string): void {
    if (this.#state === "open") void this.#outbox?.send(frame);
  }

  /** Starts to close, at the latest when the socket is open. Waiting messages are dropped. */
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

  /** Closes because the server stops. The client should reconnect. */
  async leave(): Promise<void> {
    if (this.#state === "pending") await this.reject(new HTTPError(503));
    else this.close(1001, "");
  }

  /** Breaks the connection without a close frame. */
  terminate(): void {
    this.#peer?.terminate();
  }

  /**
   * Pings the client, and breaks the connection if it did not answer the last ping. Denies a
   * handshake that was already pending at the last beat.
   */
  beat(): void {
    if (this.#state === "pending" || this.#state === "accepting") return this.#beatHandshake();
    if (this.#state !== "open") return;
    // A client that must wait cannot answer a ping.
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

  /** Called when the 101 was sent. */
  opened(peer: Peer): void {
    this.isAlive = true;
    this.#peer = peer;
    this.#outbox = new Outbox(peer, this.#backlog);
    this.#state = "open";
    this.#onDecided?.();
    this.#onDecided = undefined;
    if (this.#closing) this.close(this.#closing.code, this.#closing.reason);
  }

  /** Answers a ping of the client (RFC 6455 §5.5.2). */
  pinged(data: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#pongs ??= new Pongs((echo, sent) => {
      (this.#peer?.websocket as NodeSocket | undefined)?.pong?.(echo, false, sent);
    });
    this.#pongs.answer(data);
  }

  /** Ends the socket, because dropped messages would be missing in the view. */
  overrun(): void {
    const reason = "Messages waited too long for the app to read them.";
    this.close(1013, reason, new WebSocketDisconnect(1013, reason));
  }

  drained(): void {
    this.#outbox?.drained();
  }

  /**
   * Called when the TCP connection is gone. For an open socket, ws reports the end in more detail.
   */
  lost(): void {
    if (this.#peer === undefined) this.closed(1006, "");
  }

  /** Called when the connection is gone. If this side closed it, its own code counts. */
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

  /** Reads a message. One of the wrong type is the client's fault and closes the socket. */
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
