import type { FetchSession } from "./fetch-session.ts";
import { tooEarlyError } from "./given.ts";
import { logWarning } from "./log-warning.ts";
import type { BunServer } from "./sockets/bun-server.ts";
import type * as BunSocketsModule from "./sockets/fetch-socket.ts";

/**
 * The module that ties Bun's sockets to sessions. It is loaded at the first handshake, and thus
 * before the first socket opens.
 */
let bunSockets: typeof BunSocketsModule | undefined;

/** The handlers of `Bun.serve({ websocket })` that tie sockets to sessions. */
interface BunHandlers {
  open?(ws: never): unknown;
  close?(ws: never, code: number, reason: string): unknown;
}

/**
 * Replaces Bun's server in the arguments of a handler. A socket that the handler opens with
 * `server.upgrade` then gets the session of the request.
 */
export async function guardBunServer<Data>(
  held: FetchSession<Data>,
  beside: unknown[],
  isInner: boolean,
): Promise<unknown[]> {
  const [server, ...rest] = beside as [BunServer | undefined, ...unknown[]];
  // Opens the session now: once the handler called Deno.upgradeWebSocket, an error of the store
  // could no longer fail the handshake.
  if ("Deno" in globalThis && held.sessions.loads) void held.context.state;
  if (isInner || !("Bun" in globalThis) || typeof server?.upgrade !== "function") return beside;
  // Loaded only here, so that apps without sockets do not load it.
  bunSockets ??= await import("./sockets/fetch-socket.ts");
  return [bunSockets.guardServer(held as never, server), ...rest];
}

/**
 * Gives sessions to the sockets of `Bun.serve`. A socket gets the session of the request that was
 * passed to `server.upgrade`, and is closed when that session ends. `sessionOf` returns the session
 * of a socket.
 *
 * @returns the handlers; a socket that was not upgraded in a handler of `withSession` is closed
 *   with 1011 and the warning `ERR_SESSION_SETUP`
 * @example
 * ```ts
 * import { guardWebSocket, sessionOf } from "@galleta/session/fetch";
 *
 * const websocket = guardWebSocket({
 *   message: (ws: object) => console.log(sessionOf(ws).name),
 * });
 * ```
 */
export function guardWebSocket<Handlers extends object>(
  handlers: Handlers & BunHandlers,
): Handlers {
  const { message: read } = handlers as { message?(ws: never, message: never): unknown };
  return {
    ...handlers,
    message(ws: never, message: never) {
      const own = bunSockets === undefined ? message : bunSockets.readBunSocket(ws, message);
      return own === undefined ? undefined : read?.call(handlers, ws, own as never);
    },
    open(ws: never) {
      if (bunSockets?.openBunSocket(ws) === true) return handlers.open?.(ws);
      // An error thrown here would end the process.
      logWarning(tooEarlyError("The session of this socket"));
      return (ws as WebSocket).close(1011, "no session");
    },
    close(ws: never, code: number, reason: string) {
      bunSockets?.closeBunSocket(ws);
      return handlers.close?.(ws, code, reason);
    },
  };
}
