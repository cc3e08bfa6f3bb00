import type { OtherProperties, SessionData, SessionOf } from "@galleta/session";
import { factsOf } from "@galleta/session/adapter";
import type { H3Event } from "h3";
import { sessionsAreOff, WebSocketDisconnect } from "../errors.ts";
import { handled } from "../handled.ts";
import { HTTPError, type HTTPErrorOptions } from "../http-error.ts";
import type { MessageOf, ValueType } from "../route.ts";
import type { Connection } from "./connection.ts";
import type { AcceptOptions } from "./connection-hooks.ts";
import { encode } from "./decode.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import { defineOther } from "../several.ts";
import type { ChangeListener, SocketSession } from "./socket-session.ts";

/** The objects that a {@link Socket} uses, such as its connection and its session. */
export interface SocketParts {
  readonly event: H3Event;
  readonly params: Record<string, string>;
  readonly protocols: readonly string[];
  readonly endpoint: SocketEndpoint;
  readonly connection: Connection;
  readonly session: SocketSession | undefined;
}

/**
 * One WebSocket, as a view gets it (RFC 6455). Iterate over it to read messages until the client
 * disconnects.
 *
 * The handshake is answered when the view first waits for a message, sends one, calls `accept`, or
 * returns. Until then the view can change the session: the cookie is sent with the 101.
 *
 * @example
 * ```ts
 * app.websocketRoute("/chat", { valueType: "json" }, async (ws) => {
 *   ws.session.lastSeen = Date.now();
 *   for await (const message of ws) await ws.send({ echo: message });
 * });
 * ```
 */
/* oxlint-disable no-unused-vars, typescript/no-unsafe-declaration-merging -- the constructor defines the properties of other sessions; both declarations need the same parameters */
export interface Socket<
  Data extends object = SessionData,
  Params = Record<string, string>,
  Type extends ValueType = ValueType,
> extends OtherProperties {}
/* oxlint-enable no-unused-vars */

export class Socket<
  Data extends object = SessionData,
  Params = Record<string, string>,
  Type extends ValueType = ValueType,
> implements AsyncIterable<MessageOf<Type>> {
  /**
   * The values of the named parts in the route's path, percent-decoded. An encoded slash stays
   * encoded.
   */
  readonly params: Params;
  /** The subprotocols that the client offers, best first. */
  readonly protocols: readonly string[];
  /** The handshake as an event of h3. Pass it to functions of h3 that read a request. */
  readonly event: H3Event;
  readonly #parts: SocketParts;
  #url: URL | undefined;

  /** Galleta creates a socket for each handshake. An app never calls this constructor. */
  constructor(parts: SocketParts) {
    this.event = parts.event;
    this.params = parts.params as Params;
    this.protocols = parts.protocols;
    this.#parts = parts;
    for (const { context } of parts.session?.others ?? []) {
      defineOther(this, context.settings.property, () => context.session);
    }
  }

  /** Returns the text for `console.log`, without the headers, because they contain the cookie. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Socket { ${this.url.pathname} }`;
  }

  /**
   * The whole URL of the handshake, as the client requested it. If `SESSIONS.trustProxy` trusts a
   * proxy, scheme, host and port come from the proxy's headers. The client can send any host that
   * `ALLOWED_HOSTS` allows.
   */
  get url(): URL {
    const { url, req } = this.event;
    const origin = this.#parts.session?.context.shared.ownOrigin(factsOf(req));
    if (origin === undefined || origin === url.origin) return url;
    return (this.#url ??= new URL(url.pathname + url.search, origin));
  }

  /** The headers of the handshake. */
  get headers(): Headers {
    return this.event.req.headers;
  }

  /** The query parameters of the handshake's URL, such as `ws.query.get("room")`. */
  get query(): URLSearchParams {
    return this.event.url.searchParams;
  }

  /**
   * A signal that aborts when either side closes the socket. Pass the signal to other waits of the
   * view, as in `on(emitter, "todo", { signal: ws.signal })`. The view need not catch the resulting
   * AbortError.
   */
  get signal(): AbortSignal {
    return this.#parts.connection.signal;
  }

  /**
   * The client's session, the same that its HTTP requests have. Changes before the handshake is
   * answered are saved with the 101; after that the session is read-only.
   *
   * @throws SessionError `ERR_SESSION_DISABLED` if the app has no sessions; on a write after the
   *   handshake `ERR_SESSION_HANDSHAKE_SENT`
   */
  get session(): SessionOf<Data> {
    return this.#context().session as SessionOf<Data>;
  }

  set session(value: SessionOf<Data> | null) {
    this.#context().session = value as SessionOf<never> | null;
  }

  /**
   * Calls a listener after the session was changed elsewhere: by an HTTP request, another socket or
   * another process. `ws.session` already has the new data.
   *
   * @throws SessionError `ERR_SESSION_DISABLED` if the app has no sessions
   * @example
   * ```ts
   * ws.on("session", () => ws.send(JSON.stringify(ws.session.cart)));
   * ```
   */
  on(_event: "session", listener: ChangeListener): this {
    this.#session().onChange(listener);
    return this;
  }

  /**
   * Answers the handshake with 101.
   *
   * @throws GalletaError `ERR_GALLETA_WEBSOCKET_STATE` if the handshake was already answered, or
   *   the client does not offer the given subprotocol; WebSocketDisconnect if the client
   *   disconnected
   * @example
   * ```ts
   * await ws.accept({ protocol: "chat.v2", headers: { "x-node": "7" } });
   * ```
   */
  accept(options?: AcceptOptions): Promise<void> {
    return handled(this.#parts.connection.accept(options));
  }

  /**
   * Denies the handshake with an error status and JSON, as an HTTPError does. Scripts in a browser
   * cannot read either: they learn only that the socket failed.
   *
   * Throws RangeError if `status` is not an error status (400 to 599).
   *
   * @throws GalletaError `ERR_GALLETA_WEBSOCKET_STATE` if the handshake was already answered
   */
  reject(status = 403, options?: Omit<HTTPErrorOptions, "cause">): Promise<void> {
    return handled(this.#parts.connection.reject(new HTTPError(status, options)));
  }

  /**
   * Sends a message. Resolves when the client has read enough of the earlier messages, so a view
   * that awaits each `send` cannot fill the memory.
   *
   * @throws TypeError if the message is not of the type that the route's `valueType` names;
   *   WebSocketDisconnect if the socket is closed
   */
  send(message: Type extends "json" ? unknown : MessageOf<Type>): Promise<void> {
    const { connection, endpoint } = this.#parts;
    const data = encode(endpoint.valueType, message);
    if (connection.isOpen) return connection.send(data);
    const sent = connection.open(endpoint.autoAccept).then(() => connection.send(data));
    // The app need not await this promise, as with Connection.send.
    sent.catch(() => undefined);
    return sent;
  }

  /**
   * Waits for the next message.
   *
   * @throws WebSocketDisconnect if the socket is closed and no message is left
   */
  receive(): Promise<MessageOf<Type>> {
    return handled(this.#receive());
  }

  async #receive(): Promise<MessageOf<Type>> {
    const { done, value } = await this.#take();
    if (done) throw new WebSocketDisconnect(this.#parts.connection.closeCode ?? 1005);
    return value;
  }

  /**
   * Closes the socket and drops the messages that the view has not read. A loop over the messages
   * ends.
   *
   * @param code 1000 to 1014 or 3000 to 4999 (RFC 6455 §7.4)
   * @param reason at most 123 bytes
   */
  close(code = 1000, reason = ""): Promise<void> {
    return handled(this.#close(code, reason));
  }

  async #close(code: number, reason: string): Promise<void> {
    const { connection, endpoint } = this.#parts;
    if (connection.isPending && !endpoint.autoAccept) {
      return connection.reject(new HTTPError(403));
    }
    if (connection.isPending) await connection.open(true);
    connection.close(code, reason);
  }

  /** Iterates over the messages until the client disconnects. */
  [Symbol.asyncIterator](): AsyncIterator<MessageOf<Type>, undefined> {
    return { next: () => this.#take() };
  }

  // Not async, because every message goes through here.
  #take(): Promise<IteratorResult<MessageOf<Type>, undefined>> {
    const { connection, endpoint } = this.#parts;
    return connection.isPending
      ? connection.open(endpoint.autoAccept).then(() => takeFrom(connection))
      : takeFrom(connection);
  }

  #context() {
    return this.#session().context;
  }

  #session(): SocketSession {
    const { session } = this.#parts;
    if (session === undefined) throw sessionsAreOff("ws.session");
    return session;
  }
}

function takeFrom<Type extends ValueType>(connection: Connection) {
  return connection.inbox.take() as Promise<IteratorResult<MessageOf<Type>, undefined>>;
}
