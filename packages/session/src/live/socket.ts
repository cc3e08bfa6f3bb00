/** The close code of sockets whose session ended (RFC 6455 §7.4.1). */
export const CLOSE_CODE = 1008;
export const SESSION_ENDED = "session ended";
export const SESSION_EXPIRED = "session expired";

/** The object that a server passes to {@link attachSocket} for a socket. */
export interface LiveSocket {
  /** Closes the socket. The arguments are 1008 and "session ended" or "session expired". */
  close(code: number, reason: string): void;
  /** Called when other code changed the session. The session already has the new data. */
  changed?(): void;
  /**
   * Sends a Galleta frame to the page. Set it only if the page speaks the subprotocol `galleta.v1`:
   * any other page would handle the frame as a message of the app.
   */
  control?: ((frame: string) => void) | undefined;
}

/** The result of {@link attachSocket}. */
export interface LiveHandle {
  /** Handles a Galleta frame from the page; other frames are ignored. */
  receive(frame: string): void;
  /**
   * Call this for each message of the client that is not a Galleta frame. With the option
   * `socketActivity` it prolongs the session; without that option it does nothing.
   */
  active(): void;
  /** Call this when the socket is closed. */
  detach(): void;
}

/** Makes a call and ignores its error. If one socket fails, the others must still be called. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch {
    // The server that owns the socket reports the error.
  }
}

/** The subprotocol of pages that use `@galleta/session/client`. */
const PROTOCOL = "galleta.v1";

/**
 * The first character of a Galleta frame. A message of the app that begins with it is sent with a
 * second one, so that it is never taken for a Galleta frame.
 */
export const CONTROL = "\0";

/** The size limit for Galleta frames from a page, in characters. */
export const MAX_CONTROL = 1024;

/**
 * Separates Galleta frames from messages of the app, on a socket that uses `galleta.v1`.
 *
 * @returns the frame, or the message without the extra mark
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
 * Escapes a message of the app for a socket that uses `galleta.v1`.
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
 * @returns the protocol for the 101, and true if Galleta frames may be sent
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
 * Returns the subprotocols that belong to the app.
 *
 * @example
 * ```ts
 * appProtocols(["galleta.v1+chat", "chat"]); // ["chat"]
 * ```
 */
export function appProtocols(offered: readonly string[]): readonly string[] {
  return offered.filter((name) => name !== PROTOCOL && !name.startsWith(`${PROTOCOL}+`));
}
