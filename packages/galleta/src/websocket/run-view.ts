import { SessionError } from "@galleta/session";
import { WebSocketDisconnect } from "../errors.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./socket-session.ts";
import type { Socket } from "./socket.ts";

/**
 * Runs a view from the handshake to the end of its socket. Never rejects.
 *
 * When a view returns, the socket is closed with 1000; when it throws, with 1011. A view that
 * throws before the handshake answers with the status of its HTTPError, or with 500.
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

/** True if an error only means that the socket is closed. */
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

/** Returns the status of an error that the app threw as an answer; `undefined` for failures. */
function expectedStatus(error: unknown): number | undefined {
  if (error instanceof HTTPError) return error.status;
  return error instanceof SessionError && error.status !== 500 ? error.status : undefined;
}

/**
 * True for a failed change of the session after its socket closed. Like the close itself, it is not
 * logged.
 */
function isAboutTheEnd(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === "ERR_SESSION_UPDATE_TIMEOUT" || error.code === "ERR_SESSION_ENDED";
}
