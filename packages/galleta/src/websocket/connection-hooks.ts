import type { HTTPError } from "../http-error.ts";
import type { ValueType } from "../route.ts";

/** The answer of a WebSocket view to a handshake: accepted or denied. */
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
  /** Headers to add to the 101 response. */
  readonly headers?: HeadersInit;
}

/** The functions of the server that a WebSocket connection calls. */
export interface ConnectionHooks {
  /** The subprotocols that the client offers. */
  readonly protocols: readonly string[];
  /**
   * Saves the session of the handshake and makes it read-only.
   *
   * @returns the values of the Set-Cookie headers
   */
  saveSession(): Promise<readonly string[]> | readonly string[];
  /** Answers the handshake. Called once, unless the client disconnects before that. */
  answer(verdict: Verdict): void;
  /** Denies the handshake with 503, because the view did not answer it in time. */
  expire(): void;
  /** Called when either side closed the socket. */
  closed(): void;
}

/** The options of `app.websocketRoute` that a WebSocket connection reads. */
export interface ConnectionOptions {
  /** The type of the messages: text, JSON or bytes. */
  readonly valueType: ValueType;
  readonly maxMessageSize: number;
  readonly maxQueue: number;
}
