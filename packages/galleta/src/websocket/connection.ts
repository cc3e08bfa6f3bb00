import type { JsonValue } from "@galleta/session";
import { escapeMessage, negotiate } from "@galleta/session/adapter";
import type { Peer } from "crossws";
import { GalletaError, WebSocketDisconnect } from "../errors.ts";
import { handled } from "../handled.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import type { ValueType } from "../route.ts";
import type { Backlog } from "./backlog.ts";
import type { AcceptOptions, ConnectionHooks, ConnectionOptions } from "./connection-hooks.ts";
import { decode } from "./decode.ts";
import { Inbox, type Source } from "./inbox.ts";
import { nodeSocketOf } from "./node-peer.ts";
import { Outbox } from "./outbox.ts";
import { Pongs } from "./pongs.ts";

/**
 * The close codes after which the loop over messages ends without an error: done (1000), page left
 * (1001), no code (1005).
 */
const QUIET: ReadonlySet<number> = new Set([1000, 1001, 1005]);

const OPEN = Promise.resolve();

/** A message in the type that the view gets: a string, bytes or a JSON value. */
type Value = string | Uint8Array | JsonValue;

/**
 * One WebSocket from its handshake to its end: pending -> accepting -> open -> closing -> closed.
 * The client may disconnect in any of these states.
 */
export class Connection implements Source<string | Uint8Array, Value> {
  /** True if the client has sent anything since the last heartbeat, which sets this to false. */
  isAlive = true;
  /**
   * True if the page uses Galleta's client (subprotocol `galleta.v1`). The server can then send
   * Galleta frames to the page: text messages about the session, which the client hides from the
   * app.
   */
  isLive = false;
  readonly inbox: Inbox<string | Uint8Array, Value>;
  readonly #valueType: ValueType;
  readonly #hooks: ConnectionHooks;
  readonly #backlog: Backlog;
  /** Answers pings of the client. Created only if the client sends a ping; browsers send none. */
  #pongs: Pongs | undefined;
  #state: "pending" | "accepting" | "open" | "closing" | "closed" = "pending";
  #peer: Peer | undefined;
  #outbox: Outbox | undefined;
  #opened: Promise<void> | undefined;
  #onDecided: (() => void) | undefined;
  #disconnect: WebSocketDisconnect | undefined;
  #abort: AbortController | undefined;
  /** The code and reason of a close that was requested before the 101 was sent. */
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

  /** The close code of the socket; `undefined` while the socket is open. */
  get closeCode(): number | undefined {
    return this.#disconnect?.closeCode;
  }

  /** A signal that aborts when either side closes the socket. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#disconnect) this.#abort.abort(this.#disconnect);
    return this.#abort.signal;
  }

  /** Answers the handshake with 101 and the session's cookies. */
  accept(options: AcceptOptions = {}): Promise<void> {
    if (this.#state !== "pending") {
      const reason = this.#disconnect ?? stateError("The handshake was already answered.");
      return Promise.reject(reason);
    }
    return (this.#opened = this.#accept(options));
  }

  /**
   * Resolves when the socket is open. If the view has not answered the handshake yet, accepts it.
   */
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
    // Created before the decision, because `new Headers` throws for a malformed header.
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
    // The client may disconnect while the session is saved, or at any time before the socket opens.
    if (this.#disconnect) throw this.#disconnect;
    const decided = new Promise<void>((resolve) => (this.#onDecided = resolve));
    this.#hooks.answer({ accepted: true, headers, protocol: answer.protocol });
    await decided;
    if (this.#peer === undefined) throw this.#disconnect;
    // All open sockets share one promise, because a server may have very many.
    this.#opened = OPEN;
  }

  /** Denies the handshake with an error status. Changes to the session are saved. */
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

  /**
   * Saves the session of a denied handshake. A failure is only logged, because the handshake must
   * not be answered twice.
   */
  async #savedAnyway(): Promise<readonly string[]> {
    try {
      return await this.#hooks.saveSession();
    } catch (error) {
      logError("The session of a socket could not be saved:", error);
      return [];
    }
  }

  /**
   * Denies the handshake immediately. `setCookie` has the cookies of a session that is already
   * saved.
   */
  #deny(error: HTTPError, setCookie: readonly string[]): void {
    if (this.#state === "closed") return;
    this.#hooks.answer({ accepted: false, error, setCookie });
    this.closed(1006, "");
  }

  /** Sends a message. Resolves when the client has read enough of the earlier messages. */
  send(data: string | Uint8Array): Promise<void> {
    if (this.#outbox === undefined || this.#state !== "open") {
      return handled(Promise.reject(this.#disconnect ?? new WebSocketDisconnect(1006)));
    }
    return this.#outbox.send(this.isLive && typeof data === "string" ? escapeMessage(data) : data);
  }

  /**
   * Sends a Galleta frame: a text message about the session that Galleta's client in the page hides
   * from the app.
   */
  sendControl(frame: string): void {
    if (this.#state === "open") void this.#outbox?.send(frame);
  }

  /**
   * Starts to close the socket, and drops messages that wait. While the handshake is being
   * accepted, the close waits until the 101 was sent.
   */
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

  /** Closes the socket because the server stops. The client should reconnect. */
  async leave(): Promise<void> {
    if (this.#state === "pending") await this.reject(new HTTPError(503));
    else this.close(1001, "");
  }

  /** Breaks the connection without a close frame. */
  terminate(): void {
    this.#peer?.terminate();
  }

  /**
   * Called at each heartbeat. Pings the client, and breaks the connection if the client did not
   * answer the last ping. Denies a handshake that was already waiting for an answer at the last
   * heartbeat.
   */
  beat(): void {
    if (this.#state === "pending" || this.#state === "accepting") return this.#beatHandshake();
    if (this.#state !== "open") return;
    // The socket of a slow client is not read, so its answer to a ping would not arrive.
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

  /** Called when the 101 response was sent. From then on messages can be sent. */
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
      nodeSocketOf(this.#peer)?.pong?.(echo, false, sent);
    });
    this.#pongs.answer(data);
  }

  /**
   * Closes the socket with code 1013 and drops its waiting messages, because the view reads too
   * slowly.
   */
  overrun(): void {
    const reason = "Messages waited too long for the app to read them.";
    this.close(1013, reason, new WebSocketDisconnect(1013, reason));
  }

  drained(): void {
    this.#outbox?.drained();
  }

  /**
   * Called when the TCP connection has ended. Does nothing for an open socket, because the library
   * ws reports the end of that with more details.
   */
  lost(): void {
    if (this.#peer === undefined) this.closed(1006, "");
  }

  /**
   * Called when the connection has ended. If this side started the close, the code and reason of
   * that close are kept.
   */
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

  /** Stops reading from the client, until `resume` is called. */
  pause(): void {
    nodeSocketOf(this.#peer)?.pause?.();
  }

  /** Reads from the client again, after `pause`. */
  resume(): void {
    nodeSocketOf(this.#peer)?.resume?.();
  }

  /**
   * Converts a received message to the type that the view gets. If the message has another type,
   * the socket is closed with 1007.
   */
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
