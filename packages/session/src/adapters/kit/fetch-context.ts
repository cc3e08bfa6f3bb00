import { negotiate, offeredProtocols } from "../../live/socket.ts";
import type { OtherProperties, SessionData, SessionOf } from "../../session/data.ts";
import type { FetchFacts } from "./fetch-facts.ts";
import type { AttachedSocket, EventSocket } from "./sockets/fetch-socket.ts";

/** The second argument of a handler. */
export interface FetchSession<Data = SessionData> extends OtherProperties {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
  /**
   * Ties a socket of Deno or workerd to the session. Call it in the handler, before you listen to
   * the socket's messages.
   */
  attach(socket: EventSocket): void;
  /**
   * Returns the subprotocol to pass to `Deno.upgradeWebSocket`: your choice, joined with that of
   * `@galleta/session/client` if the page uses it. Bun and workers need no call.
   *
   * @param chosen the app's subprotocol, if the page offers it
   */
  subprotocol(chosen?: string): string | undefined;
}

/** The object passed to handlers. Each session is a property of it. */
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

  /** Returns the sockets that the handler attached, and forgets them. */
  takeSockets(): AttachedSocket[] | undefined {
    const sockets = this.#sockets;
    this.#sockets = undefined;
    return sockets;
  }
}
