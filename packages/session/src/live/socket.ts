/** The close code of sockets whose session ended (RFC 6455 §7.4.1). */
export const CLOSE_CODE = 1008;
export const SESSION_ENDED = "session ended";
export const SESSION_EXPIRED = "session expired";

/** The object that a server passes to {@link attachSocket} for a socket. */
export interface LiveSocket {
  /** Closes the socket. The arguments are 1008 and "session ended" or "session expired". */
  close(code: number, reason: string): void;
  /**
   * Called when another request or socket changed the session. The session object already has the
   * new data.
   */
  changed?(): void;
  /**
   * Sends a Galleta frame, a message to `@galleta/session/client`, to the page. Set it only if the
   * socket uses the subprotocol `galleta.v1`: any other page would handle the frame as a message of
   * the app.
   */
  control?: ((frame: string) => void) | undefined;
}

/**
 * The result of {@link attachSocket}. The server calls its methods when the socket receives a
 * message or closes.
 */
export interface LiveHandle {
  /**
   * Handles a Galleta frame, a message that `@galleta/session/client` sends from the page. An
   * invalid frame is ignored.
   */
  receive(frame: string): void;
  /**
   * Call this for each message that the page sends to the app. With the option `socketActivity`,
   * such a message prolongs the session; without that option, the call does nothing.
   */
  active(): void;
  /** Call this when the socket is closed. */
  detach(): void;
}

/** Calls a function of a socket and ignores its error. The other sockets must still be called. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch {
    // The server that owns the socket reports the error.
  }
}

/** The WebSocket subprotocol of pages that use `@galleta/session/client`. */
const PROTOCOL = "galleta.v1";

/**
 * The first character of a Galleta frame, a message between Galleta and `@galleta/session/client`.
 * If a message of the app begins with this character, one more is put before it, so that the
 * message is not taken for a Galleta frame.
 */
export const CONTROL = "\0";

/**
 * The most characters in a Galleta frame, a message that `@galleta/session/client` sends to
 * Galleta.
 */
export const MAX_CONTROL = 1024;

/**
 * Tells Galleta frames from messages of the app, on a socket that uses `galleta.v1`. A Galleta
 * frame is a message between Galleta and `@galleta/session/client`; it begins with a NUL character.
 *
 * @returns the frame without its NUL character, or the message without the one that `escapeMessage`
 *   added
 * @example
 * ```ts
 * readFrame("hello"); // {"message":"hello"}
 * ```
 */
export function readFrame(text: string): { control: string } | { message: string } {
  if (!text.startsWith(CONTROL)) return { message: text };
  const rest = text.slice(CONTROL.length);
  return rest.startsWith(CONTROL) ? { message: rest } : { control: rest };
}

/**
 * Escapes a message of the app for a socket that uses `galleta.v1`. A message that begins with a
 * NUL character gets another one, so that it is not taken for a message of Galleta.
 *
 * @example
 * ```ts
 * escapeMessage("hello"); // "hello"
 * ```
 */
export function escapeMessage(text: string): string {
  return text.startsWith(CONTROL) ? CONTROL + text : text;
}

/**
 * Chooses the subprotocol for the 101 response: the app's choice, joined with `galleta.v1` if the
 * client offers the joined name (`galleta.v1+chat`).
 *
 * @param offered the client's list, best first
 * @param chosen the app's choice from the list
 * @returns the protocol for the 101 response, and true if the page uses `@galleta/session/client`
 * @example
 * ```ts
 * negotiate(["galleta.v1+chat", "chat"], "chat"); // {"protocol":"galleta.v1+chat","isLive":true}
 * ```
 */
export function negotiate(
  offered: readonly string[],
  chosen: string | undefined,
): { readonly protocol: string | undefined; readonly isLive: boolean } {
  const live = chosen === undefined ? PROTOCOL : `${PROTOCOL}+${chosen}`;
  return offered.includes(live)
    ? { protocol: live, isLive: true }
    : { protocol: chosen, isLive: false };
}

const NO_PROTOCOLS: readonly string[] = Object.freeze([]);

/**
 * Returns the subprotocols that a client offers, best first (RFC 6455 §4.1).
 *
 * @param header `Sec-WebSocket-Protocol`
 * @example
 * ```ts
 * offeredProtocols("chat, superchat"); // ["chat", "superchat"]
 * ```
 */
export function offeredProtocols(header: string | null | undefined): readonly string[] {
  return header ? header.split(",").map((name) => name.trim()) : NO_PROTOCOLS;
}

/** True if a socket's subprotocol shows that its page uses `@galleta/session/client`. */
export function isLiveProtocol(protocol: string | null | undefined): boolean {
  return protocol === PROTOCOL || protocol?.startsWith(`${PROTOCOL}+`) === true;
}

/**
 * Returns the offered subprotocols without those of Galleta.
 *
 * @example
 * ```ts
 * appProtocols(["galleta.v1+chat", "chat"]); // ["chat"]
 * ```
 */
export function appProtocols(offered: readonly string[]): readonly string[] {
  return offered.filter((name) => name !== PROTOCOL && !name.startsWith(`${PROTOCOL}+`));
}
