/** What sockets are closed with when their session is no more (RFC 6455 §7.4.1). */
export const CLOSE_CODE = 1008;
export const SESSION_ENDED = "session ended";
export const SESSION_EXPIRED = "session expired";

/** What a server hands over of a socket, so that it lives and dies with its session. */
export interface LiveSocket {
  /** Closes it. Called with 1008 and "session ended" or "session expired". */
  close(code: number, reason: string): void;
  /** Called after the session was changed elsewhere; the dictionary has the change already. */
  changed?(): void;
  /**
   * Sends a control frame to the page. Only where the page speaks the subprotocol `galleta.v1`
   * (see {@link CONTROL}), since any other would take it for a message of the app.
   */
  control?: ((frame: string) => void) | undefined;
}

/** What {@link attachSocket} gives for a socket. */
export interface LiveHandle {
  /** Takes a control frame of the page; frames that are none of ours are ignored. */
  receive(frame: string): void;
  /** The socket is closed. */
  detach(): void;
}

/** The subprotocol of pages that use `@galleta/session/client`. */
const PROTOCOL = "galleta.v1";

/**
 * What a control frame begins with. A message of the app that begins with it is sent with one more
 * in front, so that neither is ever taken for the other.
 */
export const CONTROL = "\0";

/** The largest control frame that a page has reason to send, in characters. */
export const MAX_CONTROL = 1024;

/**
 * Tells a control frame from a message of the app, on a socket that speaks `galleta.v1`.
 *
 * @returns the frame, or the message without what was put in front of it
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
 * A message of the app as it is sent on a socket that speaks `galleta.v1`.
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
 * Which subprotocol answers a client: the one that the app chose, together with `galleta.v1` where
 * the client speaks that (`galleta.v1+chat`).
 *
 * @param offered what the client offers, best first
 * @param chosen what the app chose of it
 * @returns what goes into the 101, and whether control frames may be sent
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
 * The subprotocols that a client offers, best first (RFC 6455 §4.1).
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

/** Whether the subprotocol of a socket says that its page uses `@galleta/session/client`. */
export function isLiveProtocol(protocol: string | null | undefined): boolean {
  return protocol === PROTOCOL || protocol?.startsWith(`${PROTOCOL}+`) === true;
}

/**
 * The subprotocols that are the app's own.
 *
 * @example
 * ```ts
 * appProtocols(["galleta.v1+chat", "chat"]); // ["chat"]
 * ```
 */
export function appProtocols(offered: readonly string[]): readonly string[] {
  return offered.filter((name) => name !== PROTOCOL && !name.startsWith(`${PROTOCOL}+`));
}
