import { SessionError } from "@galleta/session";
import { WebSocketDisconnect } from "../errors.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./socket-session.ts";
import type { Socket } from "./socket.ts";

/**
 * Runs a WebSocket view from the handshake to the end of its socket. Never rejects.
 *
 * When the view returns, the socket is closed with 1000; when it throws, with 1011. If the view
 * throws before the handshake is answered, the client gets the status of the HTTPError, or 500.
 */
export async function runView(
  endpoint: SocketEndpoint,
  connection: Connection,
  session: SocketSession | undefined,
  socket: Socket<never, never, never>,
): Promise<void> {
  try {
    // A promise only with a store. Without one the view starts immediately.
    const wait = session?.load();
    if (wait) await wait;
    await endpoint.view(socket);
    if (connection.isPending && !endpoint.autoAccept) await connection.reject(new HTTPError(403));
    // Also waits for messages that the view did not await, so that they are still sent.
    await connection.open(true);
    connection.close(1000, "");
  } catch (error) {
    if (!isEnd(connection, error)) await fail(connection, socket, error);
  }
}

/** True if a view threw an error only because its socket was closed. */
function isEnd(connection: Connection, error: unknown): boolean {
  if (error instanceof WebSocketDisconnect) return true;
  const isAbort = error instanceof Error && error.name === "AbortError";
  return isAbort && connection.signal.aborted;
}

async function fail(
  connection: Connection,
  socket: Socket<never, never, never>,
  error: unknown,
): Promise<void> {
  if (!connection.isPending && !connection.isOpen && isAboutTheEnd(error)) return;
  const status = connection.isPending ? expectedStatus(error) : undefined;
  if (status === undefined) logError(`The WebSocket view of ${socket.url.pathname} failed:`, error);
  if (connection.isPending) {
    await connection.reject(error instanceof HTTPError ? error : new HTTPError(status ?? 500));
  } else {
    connection.close(1011, "");
  }
}

/**
 * Returns the status of an error that is meant as an answer to the client; `undefined` for an
 * unexpected error.
 */
function expectedStatus(error: unknown): number | undefined {
  if (error instanceof HTTPError) return error.status;
  return error instanceof SessionError && error.status !== 500 ? error.status : undefined;
}

/**
 * True if an error says that a change of the session failed because the session ended or the page
 * did not answer. After the socket closed, both are normal, so they are not logged.
 */
function isAboutTheEnd(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === "ERR_SESSION_UPDATE_TIMEOUT" || error.code === "ERR_SESSION_ENDED";
}
