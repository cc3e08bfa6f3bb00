import type { HTTPError } from "../http-error.ts";
import type { ValueType } from "../route.ts";

/** The view's answer to a handshake. */
export type Verdict =
  | {
      readonly accepted: true;
      readonly headers: Headers | undefined;
      readonly protocol: string | undefined;
    }
  | { readonly accepted: false; readonly error: HTTPError; readonly setCookie: readonly string[] };

/** Options of `ws.accept`. */
export interface AcceptOptions {
  /** The subprotocol to use, from the client's list (RFC 6455 §1.9). */
  readonly protocol?: string;
  /** More headers for the 101. */
  readonly headers?: HeadersInit;
}

/** The functions that a connection calls on its server. */
export interface ConnectionHooks {
  /** The subprotocols that the client offers. */
  readonly protocols: readonly string[];
  /**
   * Saves the session and makes it read-only.
   *
   * @returns the Set-Cookie headers
   */
  saveSession(): Promise<readonly string[]> | readonly string[];
  /** Answers the handshake. Called once, unless the client disconnects before. */
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
