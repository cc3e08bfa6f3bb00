import type { SessionContext } from "../session/context.ts";
import type { Shared } from "../session/shared.ts";
import { hubOf } from "./hub.ts";
import type { LiveHandle, LiveSocket } from "./socket.ts";

/**
 * Makes sessions live: open sockets show their changes, and pages can fetch a new cookie for
 * `update`. Sessions from `createSessions` and from socket adapters are already live. Call this if
 * your own adapter makes sessions from options.
 *
 * @returns the same sessions
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
 * Ties a socket to its session after the handshake was answered. The socket's session shows later
 * changes, and the socket is closed with 1008 when the session ends or expires.
 *
 * @param context the context that was committed for the handshake
 * @returns a handle for the socket; `undefined` if the socket has no session, or was closed because
 *   the session has ended
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
