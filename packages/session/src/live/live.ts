import type { SessionContext } from "../session/context.ts";
import type { Shared } from "../session/loaded.ts";
import { hubOf } from "./hub.ts";
import type { LiveHandle, LiveSocket } from "./socket.ts";

/**
 * Makes sessions that an adapter set up live: their sockets follow them, and pages can exchange the
 * tickets of `update`. `createSessions` and the adapters for sockets do it by themselves; call it
 * where a process only answers HTTP requests and another has the sockets.
 *
 * @returns the sessions that it was given
 * @throws SessionError `ERR_SESSION_OPTION` when `exchangePath` is no plain path
 * @example
 * ```ts
 * const sessions = live(new Sessions({ secretKey }));
 * ```
 */
export function live<Sessions extends { readonly shared: Shared }>(sessions: Sessions): Sessions {
  hubOf(sessions.shared);
  return sessions;
}

/**
 * Ties a socket to its session, once its handshake was answered: it is told of changes, and closed
 * with 1008 when the session ends or expires.
 *
 * @param context the one that was committed for the handshake
 * @returns what the server calls for the socket; `undefined` where the socket has no session, or
 * was closed because that has ended
 */
export function attachSocket<Data>(
  context: SessionContext<Data>,
  socket: LiveSocket,
): LiveHandle | undefined {
  const untyped = context as unknown as SessionContext<never>;
  return hubOf(untyped.shared).attach(untyped, socket);
}
