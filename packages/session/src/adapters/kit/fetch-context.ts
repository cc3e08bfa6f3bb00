import { negotiate, offeredProtocols } from "../../live/socket.ts";
import type { OtherProperties, SessionData, SessionOf } from "../../session/data.ts";
import type { FetchFacts } from "./fetch-facts.ts";
import type { AttachedSocket, EventSocket } from "./sockets/fetch-socket.ts";

/** The second argument of a handler: an object with the session of the request. */
export interface FetchSession<Data = SessionData> extends OtherProperties {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the session's data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
  /**
   * Ties a socket of Deno or workerd to the session. Call this method in the handler, before you
   * listen to the socket's messages.
   */
  attach(socket: EventSocket): void;
  /**
   * Returns the subprotocol to pass to `Deno.upgradeWebSocket`: the chosen one, joined with that of
   * `@galleta/session/client` if the page uses this client. Bun and workers do not need this
   * method.
   *
   * @param chosen the app's subprotocol, if the page offers it
   */
  subprotocol(chosen?: string): string | undefined;
}

/** The second argument of a handler. Each session of the request is a property of this object. */
export class FetchContext {
  readonly #facts: FetchFacts;
  #sockets: AttachedSocket[] | undefined;

  constructor(facts: FetchFacts) {
    this.#facts = facts;
  }

  attach(socket: EventSocket): void {
    const attached: AttachedSocket = { socket };
    // Added as the socket's first listener, so that the app's listeners get no Galleta frames.
    socket.addEventListener("message", (event) => attached.read?.(event));
    (this.#sockets ??= []).push(attached);
  }

  subprotocol(chosen?: string): string | undefined {
    const offered = this.#facts.header("sec-websocket-protocol");
    return negotiate(offeredProtocols(offered), chosen).protocol;
  }

  /** Returns the sockets that the handler passed to `attach`, and empties the list of them. */
  takeSockets(): AttachedSocket[] | undefined {
    const sockets = this.#sockets;
    this.#sockets = undefined;
    return sockets;
  }
}
