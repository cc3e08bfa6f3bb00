import type { SessionContext } from "../session/context.ts";
import type { Shared } from "../session/shared.ts";
import { hubOf } from "./hub.ts";
import type { LiveHandle, LiveSocket } from "./socket.ts";

/**
 * Makes sessions live: their sockets follow them, and pages can exchange the tickets of `update`.
 * Sessions that `createSessions` or an adapter for sockets made are; those of an adapter for HTTP
 * that was given options are not.
 *
 * @returns the sessions that it was given
 * @example
 * ```ts
 * const shared = live(new Sessions({ secretKey }));
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
 * @example
 * ```ts
 * const handle = attachSocket(context, { close: (code, reason) => socket.close(code, reason) });
 * socket.addEventListener("close", () => handle?.detach());
 * ```
 */
export function attachSocket<Data>(
  context: SessionContext<Data>,
  socket: LiveSocket,
): LiveHandle | undefined {
  const untyped = context as unknown as SessionContext<never>;
  return hubOf(untyped.shared).attach(untyped, socket);
}
